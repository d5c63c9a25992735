/** A home whose store `two` is a bucket, over a line that can go wrong. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { urlOf } from "./postgres-server.ts";
import { type Proxy, startProxy } from "./proxy.ts";
import { type S3Server, startS3Server } from "./s3-server.ts";
import { tenantHome, type TenantHome } from "./tenant-home.ts";

export interface BucketHome extends AsyncDisposable {
  readonly home: TenantHome;
  readonly s3: S3Server;
  /** All of the store lies below `two/` in it. */
  readonly bucket: string;
  readonly line: Proxy;
  /** What the program needs in its environment. */
  readonly env: Readonly<Record<string, string>>;
}

/** One copy is enough for its plans. */
export async function openBucketHome(server: PrivateServer, tenants: readonly string[]): Promise<BucketHome> {
  await using made = new AsyncDisposableStack();
  const s3 = made.use(await startS3Server());
  const bucket = await s3.createBucket("holdfast-home");
  const { port } = new URL(s3.endpoint);
  const line = made.use(await startProxy({ host: "127.0.0.1", port: Number(port) }, { protocol: "http" }));
  const home = made.use(await tenantHome(urlOf(server, "postgres"), tenants));
  home.set({
    "stores.two.driver": "s3",
    "stores.two.path": null,
    "stores.two.bucket": bucket,
    "stores.two.prefix": "two",
    "stores.two.region": s3.region,
    "stores.two.endpoint": `http://${line.host}:${String(line.port)}`,
    "stores.two.pathStyle": true,
    "stores.two.accessKeyId": "env:S3_KEY",
    "stores.two.secretAccessKey": "env:S3_SECRET",
  });
  for (const plan of ["standard", "enterprise"]) home.set({ "copies.quorum": 1 }, `plans/${plan}.yaml`);
  // As `init` made it for the folder that the bucket replaces.
  await s3.put(bucket, "two/holdfast.json", readFileSync(join(home.store("two"), "holdfast.json")));
  const owned = made.move();
  return {
    home,
    s3,
    bucket,
    line,
    env: { S3_KEY: s3.accessKeyId, S3_SECRET: s3.secretAccessKey },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
