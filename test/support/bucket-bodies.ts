/** What lies in a bucket, read with an S3 client that is not the product's. */
import { Client } from "minio";
import type { Bodies } from "./copy-reader.ts";
import type { S3Server } from "./s3-server.ts";

/** All objects below `prefix` (a folder, without its slash), as they are now, by their keys without it. */
export async function bucketBodies(server: S3Server, bucket: string, prefix: string): Promise<Bodies> {
  const { hostname, port, protocol } = new URL(server.endpoint);
  const client = new Client({
    endPoint: hostname,
    port: Number(port === "" ? (protocol === "https:" ? 443 : 80) : port),
    useSSL: protocol === "https:",
    pathStyle: true,
    region: server.region,
    accessKey: server.accessKeyId,
    secretKey: server.secretAccessKey,
  });
  const held = new Map<string, Buffer>();
  for await (const { name } of client.listObjectsV2(bucket, `${prefix}/`, true)) {
    if (name === undefined) continue;
    const parts: Buffer[] = await Array.fromAsync(await client.getObject(bucket, name));
    held.set(name.slice(prefix.length + 1), Buffer.concat(parts));
  }
  return {
    keys: () => [...held.keys()].toSorted(),
    bodyOf: (key) => {
      const body = held.get(key);
      if (body === undefined) throw new Error(`the bucket holds no ${key}`);
      return body;
    },
  };
}
