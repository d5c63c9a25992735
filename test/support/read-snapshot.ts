/** Takes a snapshot of a test's database and reads all of it, as a backup does. */
import type { Fingerprint, Scope } from "../../src/model/fingerprint.ts";
import { openSnapshot } from "../../src/postgres/source/open-snapshot.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import type { PlainStream, Snapshot, SnapshotOptions } from "../../src/postgres/source/snapshot.ts";
import { testWait, urlOf } from "./postgres-server.ts";

const testOptions: SnapshotOptions = {
  jobs: 3,
  leaveOutExtensions: [],
  largeObjects: "include",
  yieldAfterMs: 5_000,
  maxAgeMs: 120_000,
  sliceBlocks: 1_000,
  binFolders: [],
};

/** A tenant that is a database, or with `scope` some schemas of it. */
export async function snapshotOf(
  server: PrivateServer,
  database: string,
  options: Partial<SnapshotOptions> & {
    readonly scope?: Scope;
    readonly login?: { user: string; password: string };
    /** Before which nothing is locked; default: at once. */
    readonly ready?: Promise<unknown>;
  } = {},
): Promise<Snapshot> {
  const { scope = { kind: "database", database }, login, ready, ...more } = options;
  return openSnapshot(
    { url: urlOf(server, "postgres", login), scope },
    { ...testOptions, ...more },
    testWait(),
    ready,
  );
}

interface ReadBackup {
  readonly fingerprint: Fingerprint;
  readonly streams: ReadonlyMap<string, Buffer>;
}

/** Every stream, `width` at a time, and then the fingerprint. */
export async function readAll(snapshot: Snapshot, width = 3): Promise<ReadBackup> {
  const streams = new Map<string, Buffer>();
  const plain: PlainStream[] = [];
  for await (const stream of snapshot.streams(testWait())) plain.push(stream);
  const lane = async (): Promise<void> => {
    for (let stream = plain.shift(); stream !== undefined; stream = plain.shift()) {
      const parts: Uint8Array[] = [];
      for await (const part of stream.bytes) parts.push(part);
      streams.set(stream.id, Buffer.concat(parts));
    }
  };
  await Promise.all(Array.from({ length: width }, lane));
  return { streams, fingerprint: await snapshot.fingerprint(testWait()) };
}

export async function backupOf(...args: Parameters<typeof snapshotOf>): Promise<ReadBackup> {
  await using snapshot = await snapshotOf(...args);
  return await readAll(snapshot);
}

/** The COPY text of one table as it lies in the streams. */
export function textOf(backup: ReadBackup, schema: string, name: string): string {
  const table = backup.fingerprint.tables.find((one) => one.schema === schema && one.name === name);
  if (table === undefined) throw new Error(`no table ${schema}.${name} in the fingerprint`);
  return Buffer.concat(
    table.slices.map(({ stream, offset, bytes }) => {
      const whole = backup.streams.get(stream);
      if (whole === undefined) throw new Error(`no stream ${stream}`);
      return whole.subarray(offset, offset + bytes);
    }),
  ).toString("utf8");
}
