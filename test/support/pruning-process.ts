/** A prune in a process of its own, which can be killed, over stores in the time of a house. Its one argument is a file with what it needs. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { ManualClock } from "../../src/base/clock.ts";
import { createSigner, createTrustRing } from "../../src/keys/signing.ts";
import { storeName, tenantId } from "../../src/model/ids.ts";
import { prune } from "../../src/retention/prune.ts";
import { directoryStore } from "../../src/stores/directory.ts";
import { retrying, storeRetryPolicy } from "../../src/stores/retrying.ts";
import { s3Store } from "../../src/stores/s3.ts";
import { dated } from "./dated-store.ts";
import { never } from "./repository-fixture.ts";
import { pruneOrder } from "./prune-order.ts";

const needs = z.object({
  tenant: tenantId,
  now: z.iso.datetime(),
  privateJwk: z.string(),
  publicJwk: z.string(),
  near: z.string(),
  far: z.object({
    bucket: z.string(),
    prefix: z.string(),
    region: z.string(),
    endpoint: z.string(),
    accessKeyId: z.string(),
    secretAccessKey: z.string(),
  }),
});
export type PruneNeeds = z.input<typeof needs>;

const { tenant, now, privateJwk, publicJwk, near, far } = needs.parse(
  JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")),
);
const clock = new ManualClock(new Date(now));
const signer = await createSigner(privateJwk);
const trust = await createTrustRing([{ jwk: publicJwk, may: ["record", "proof", "key", "removal"] }]);
using remote = s3Store({ ...far, name: storeName.parse("far"), pathStyle: true });
const stores = [directoryStore({ name: storeName.parse("near"), path: near }), remote];
const order = pruneOrder(
  { tenant },
  stores.map((store) => dated(retrying(store, storeRetryPolicy), { clock })),
  {
    terms: {
      places: { daily: 1, weekly: 0, monthly: 0, yearly: 0 },
      timeZone: "UTC",
      everyCopyWithinMs: 86_400_000,
    },
  },
);
const report = await prune(order, { trust, signer, clock }, { isDry: false }, never);
process.stdout.write(report.state);
