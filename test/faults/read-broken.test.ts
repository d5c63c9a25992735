/** A backup whose holder, reader, pg_dump or time is lost says so; none of its streams ends as if it were whole. */
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { dumpSchema } from "../../src/postgres/archive/archive.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { findPrograms } from "../../src/postgres/server/programs.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import type { PlainStream, Snapshot } from "../../src/postgres/source/snapshot.ts";
import { createDatabase, psql, startTestServer, testWait } from "../support/postgres-server.ts";
import { snapshotOf } from "../support/read-snapshot.ts";

let server: PrivateServer;
let folder: string;

beforeAll(async () => {
  server = await startTestServer();
  folder = await mkdtemp(join(tmpdir(), "holdfast-read-"));
  await createDatabase(server, "large");
  await psql(
    server,
    "large",
    `create table t as select n, repeat(md5(n::text), 30) as t from generate_series(1, 60000) n;
     create table u as select 1 as a`,
  );
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Failure) return error;
  throw new Error(`no failure but ${String(error)}`, { cause: error });
}

async function streamsOf(snapshot: Snapshot): Promise<PlainStream[]> {
  return Array.fromAsync(snapshot.streams(testWait()));
}

async function read(stream: PlainStream | undefined, afterFirst: () => Promise<unknown>): Promise<void> {
  let isFirst = true;
  for await (const part of stream?.bytes ?? []) {
    if (isFirst && part.length > 0) {
      isFirst = false;
      await afterFirst();
    }
  }
}

/** Ends the server's sessions of this name and tells how many there were. */
async function terminate(applicationName: string): Promise<string> {
  return psql(
    server,
    "large",
    `select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = '${applicationName}'`,
  );
}

async function sessions(pattern: string): Promise<string> {
  return psql(server, "large", `select count(*) from pg_stat_activity where application_name ~ '${pattern}'`);
}

/** Resolves once the snapshot has let go of its source, as it does when it fails. */
async function holderGone(): Promise<void> {
  await vi.waitUntil(async () => (await sessions("^holdfast holder$")) === "0", { timeout: 30_000 });
}

describe("a backup", () => {
  it("fails when a reader's connection is cut in the middle of a COPY, and gives no fingerprint", async () => {
    await using snapshot = await snapshotOf(server, "large");
    const stream = (await streamsOf(snapshot)).find(({ title }) => title.startsWith("public.t"));
    const failure = await failureOf(read(stream, () => terminate("holdfast reader")));
    expect(failure.code).toBe("source/lost");
    expect(failure.retryable).toBe(true);
    expect((await failureOf(snapshot.fingerprint(testWait()))).code).toBe("source/lost");
  });

  it("fails all that wait for a reader when the only one is lost", async () => {
    await using snapshot = await snapshotOf(server, "large", { jobs: 1 });
    // The largest table comes first, and is cut in the middle; pg_dump's archive waits for no reader.
    const streams = (await streamsOf(snapshot)).filter(({ content }) => content !== "schema");
    const failures = await Promise.all(
      streams.map((stream) => failureOf(read(stream, () => terminate("holdfast reader")))),
    );
    expect(failures.length).toBeGreaterThan(2);
    expect(new Set(failures.map(({ code }) => code))).toEqual(new Set(["source/lost"]));
  });

  it("fails when the holder is lost while others still read", async () => {
    await using snapshot = await snapshotOf(server, "large");
    const streams = await streamsOf(snapshot);
    expect(await terminate("holdfast holder")).toBe("1");
    // Nobody reads from the holder; that it died is noticed all the same, before the next stream ends well.
    const failure = await failureOf(
      (async () => {
        for (const stream of streams) await read(stream, async () => undefined);
        await snapshot.fingerprint(testWait());
      })(),
    );
    expect(failure.code).toBe("source/lost");
  });

  it("fails when its watcher is lost, since it could no longer give way", async () => {
    await using snapshot = await snapshotOf(server, "large", { yieldAfterMs: 200 });
    expect(await terminate("holdfast watcher")).toBe("1");
    const slow = (await streamsOf(snapshot)).find(({ title }) => title.startsWith("public.t"));
    const failure = await failureOf(read(slow, holderGone));
    expect(failure.code).toBe("source/lost");
  });

  it("ends when it grows too old, whoever is reading", async () => {
    // On a machine that has much else to do it may be too old before it is whole.
    const reading = async (): Promise<void> => {
      await using snapshot = await snapshotOf(server, "large", { maxAgeMs: 3000 });
      const stream = (await streamsOf(snapshot)).find(({ title }) => title.startsWith("public.t"));
      await read(stream, holderGone);
    };
    expect((await failureOf(reading())).code).toBe("wait/expired");
  });

  it("fails as a whole when one stream is abandoned", async () => {
    await using snapshot = await snapshotOf(server, "large");
    const streams = await streamsOf(snapshot);
    for await (const part of streams.find(({ title }) => title.startsWith("public.t"))?.bytes ?? []) {
      if (part.length > 0) break;
    }
    expect((await failureOf(snapshot.fingerprint(testWait()))).code).toBe("wait/cancelled");
  });

  it("is cancelled with the wait given to its streams, and leaves no session behind", async () => {
    {
      await using snapshot = await snapshotOf(server, "large");
      const cancel = new AbortController();
      const streams = await Array.fromAsync(snapshot.streams({ signal: cancel.signal }));
      const failure = await failureOf(
        read(
          streams.find(({ title }) => title.startsWith("public.t")),
          async () => {
            cancel.abort();
          },
        ),
      );
      expect(failure.code).toBe("wait/cancelled");
    }
    await expect.poll(() => sessions("^holdfast"), { timeout: 30_000 }).toBe("0");
  });

  it("outlives the limits that role and database set for others", async () => {
    await createDatabase(server, "limited");
    await psql(
      server,
      "limited",
      `create table t as select n, repeat(md5(n::text), 30) as t from generate_series(1, 30000) n;
       alter database limited set idle_in_transaction_session_timeout = '50ms';
       alter database limited set statement_timeout = '50ms'; alter database limited set lock_timeout = '1ms'`,
    );
    await using snapshot = await snapshotOf(server, "limited");
    for (const stream of await streamsOf(snapshot)) {
      await read(stream, () => psql(server, "postgres", "select pg_sleep(0.2)"));
    }
    expect((await snapshot.fingerprint(testWait())).tables[0]?.rows).toBe(30_000);
  });
});

describe("the schema archive", () => {
  async function archiveBy(script: string): Promise<Failure> {
    const pgDump = join(folder, "pg_dump");
    await writeFile(pgDump, `#!/bin/sh\n${script}\n`);
    await chmod(pgDump, 0o755);
    const programs = { ...(await findPrograms([], null, testWait())), pgDump };
    await using session = await connect(server.address, "source", {}, testWait());
    return await failureOf(
      dumpSchema(
        {
          address: server.address,
          beside: { session, holderPid: 1 },
          scope: { kind: "database", database: "large" },
          snapshotId: "x",
          lockTimeoutMs: 1000,
          programs,
        },
        testWait(),
      ),
    );
  }

  it("is refused when pg_dump was killed, though it had begun to write", async () => {
    expect((await archiveBy("printf PGDMP; kill -9 $$")).code).toBe("program/failed");
  });

  it("is refused when pg_dump ended well but warned of something unknown", async () => {
    const failure = await archiveBy("printf PGDMP; echo 'pg_dump: warning: left something out' >&2");
    expect(failure.code).toBe("source/unsupported");
    expect(failure.message).toContain("left something out");
  });

  it("is refused when the snapshot is gone", async () => {
    const programs = await findPrograms([], null, testWait());
    const scope = { kind: "database", database: "large" } as const;
    const address = { ...server.address, database: "large" };
    await using session = await connect(address, "source", {}, testWait());
    const beside = { session, holderPid: 1 };
    const request = {
      address,
      scope,
      beside,
      snapshotId: "00000003-0000001B-1",
      lockTimeoutMs: 1000,
      programs,
    };
    expect((await failureOf(dumpSchema(request, testWait()))).code).toBe("source/lost");
  });
});
