/** `holdfast scrub`: read every object and compare it with the inventories, without any key. */
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { openClaims } from "../desk/claimed.ts";
import type { Desk } from "../desk/desk.ts";
import type { NotedRun } from "../desk/note-run.ts";
import { scrubEnd } from "../desk/run-ends.ts";
import { scrubTenant } from "../desk/scrub-orders.ts";
import { libraryOf } from "../desk/tenant-library.ts";
import { type StoreName, storeName, type TenantId } from "../model/ids.ts";
import type { StoreDown } from "../repository/library.ts";
import type { ScrubReport } from "../scrub/report.ts";
import { command } from "./frame/command.ts";
import { eachOf, worst } from "./frame/each-of.ts";
import { parseTenant } from "./frame/parse-tenant.ts";
import { heldTenants } from "./frame/held-tenants.ts";
import type { Output } from "./frame/output.ts";
import { spellBytes, table } from "./frame/text.ts";

export const scrub = command({
  name: "scrub",
  usage: "[tenant]",
  describe: "read every object and compare it with the inventories, without any key that opens it",
  examples: [
    ["scrub", "everything in every store"],
    ["scrub --store frankfurt --json", "one store, for a script"],
    ["scrub acme", "one tenant in each of its stores"],
  ],
  options: (yargs) =>
    yargs
      .positional("tenant", {
        type: "string",
        describe: "the tenant; all that lie in the stores when not given",
      })
      .option("store", { type: "string", requiresArg: true, describe: "one store; all when not given" }),
  run: async ({ tenant, store }, context, out) => {
    const named = tenant === undefined ? null : parseTenant(tenant);
    await using desk = await context.openDesk();
    const only = store === undefined ? null : parseStore(desk, store);
    const { parts, down } =
      named === null
        ? await everyPart(desk, only, out, context.wait)
        : { parts: await partsOf(desk, named, only, context.wait), down: [] };
    await using claims = await openClaims(desk, out, context.wait);
    const { reports, failures } = await eachOf(
      parts,
      async (part) => {
        const work = (): Promise<ScrubReport | null> =>
          named === null
            ? unlessErased(desk, part, out, context.wait)
            : scrubTenant(desk, part, out, context.wait);
        const run: NotedRun<ScrubReport | null> = {
          tenant: part.tenant,
          verb: "scrub",
          kind: null,
          ends: (report) => (report === null ? [] : [scrubEnd(report)]),
          renews: () => ({ kind: "scrub", store: part.store }),
        };
        const noted = (): Promise<ScrubReport | null> => claims.noted(run, work, context.wait);
        return claims.claimed({ kind: "tenant-read", ...part }, noted, context.wait);
      },
      out,
      context.wait,
    );
    const done = reports.filter((one) => one !== null);
    for (const tenant of new Set(done.filter(isBad).map((one) => one.tenant))) {
      out.say(
        `hint: \`holdfast heal ${tenant}\` mends it from another store; a running daemon does so by itself`,
      );
    }
    out.result(done, () => text(done, failures.length > 0));
    return worst({
      found: done.some(isBad),
      failed: failures.length > 0,
      degraded: down.length > 0 || done.some(({ untrusted }) => untrusted > 0),
    });
  },
});

function isBad({ damaged, missing, unopenable }: ScrubReport): boolean {
  return damaged + missing + unopenable.length > 0;
}

interface Part {
  readonly tenant: TenantId;
  readonly store: StoreName;
}

interface TitledPart {
  readonly title: string;
  readonly item: Part;
}

function parseStore(desk: Desk, text: string): StoreName {
  const parsed = storeName.safeParse(text);
  if (parsed.success && desk.stores.has(parsed.data)) return parsed.data;
  throw new Failure(
    "usage/invalid",
    `there is no store ${text}; there are ${[...desk.stores.keys()].join(", ")}`,
  );
}

async function partsOf(
  desk: Desk,
  tenant: TenantId,
  only: StoreName | null,
  wait: Waiting,
): Promise<readonly TitledPart[]> {
  const { stores } = await libraryOf(desk, tenant, wait);
  return (only === null ? stores.map(({ name }) => name) : [only]).map((store) => titled({ tenant, store }));
}

/** What lies in the stores, whatever the configuration says of it. */
async function everyPart(
  desk: Desk,
  only: StoreName | null,
  out: Output,
  wait: Waiting,
): Promise<{ readonly parts: readonly TitledPart[]; readonly down: readonly StoreDown[] }> {
  const stores = [...desk.stores.values()].filter(({ name }) => only === null || name === only);
  const { answers, down } = await heldTenants(stores, out, wait);
  const parts = [...answers].flatMap(([store, tenants]) =>
    tenants.map((tenant) => titled({ tenant, store })),
  );
  return { parts, down };
}

function titled(item: Part): TitledPart {
  return { title: `${item.tenant} in ${item.store}`, item };
}

/** Among all tenants one that was erased is what it should be: there is nothing left to read. */
async function unlessErased(desk: Desk, part: Part, out: Output, wait: Waiting): Promise<ScrubReport | null> {
  try {
    return await scrubTenant(desk, part, out, wait);
  } catch (error) {
    if (!isFailure(error, "policy/refused")) throw error;
    out.say(`${part.tenant} in ${part.store}: ${error.message}`);
    return null;
  }
}

function text(reports: readonly ScrubReport[], hasFailed: boolean): string {
  if (reports.length === 0) return hasFailed ? "nothing was scrubbed" : "there is nothing to scrub";
  const rows = reports.map((one) => [
    one.tenant,
    one.store,
    String(one.whole),
    String(one.damaged),
    String(one.missing),
    spellBytes(one.bytes),
    one.seconds.toFixed(1),
  ]);
  const bad = reports.flatMap(({ store, damagedKeys, missingKeys }) => [
    ...damagedKeys.map((key) => `damaged in ${store}: ${key}`),
    ...missingKeys.map((key) => `missing in ${store}: ${key}`),
  ]);
  return [table(["tenant", "store", "whole", "damaged", "missing", "read", "seconds"], rows), ...bad].join(
    "\n",
  );
}
