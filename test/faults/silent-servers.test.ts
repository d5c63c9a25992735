/** A connection to PostgreSQL that is dead without anybody having said so ends what waits for it, and a statement that takes its time ends nothing. */
import { setTimeout as pause } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import type { LineLimits } from "../../src/base/server-address.ts";
import type { Waiting } from "../../src/base/waiting.ts";
import { dumpSchema } from "../../src/postgres/archive/archive.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { findPrograms, majorOf } from "../../src/postgres/server/programs.ts";
import { addressOf } from "../../src/postgres/session/address.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import type { Session } from "../../src/postgres/session/session.ts";
import { createDatabase, psql, startTestServer, testWait, urlOf } from "../support/postgres-server.ts";
import { opening } from "../support/proxy-fault.ts";
import { postgresAt, type Proxy, startProxy } from "../support/proxy.ts";
import { until } from "../support/until.ts";

let server: PrivateServer;
let line: Proxy;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "house");
  await psql(
    server,
    "house",
    "create table t as select repeat(md5(g::text), 20) from generate_series(1, 30000) g",
  );
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  line = await startProxy(postgresAt(server));
});
afterEach(async () => {
  await line[Symbol.asyncDispose]();
});

/** Over the line; after so long a silence the server is asked, which has seconds to answer. */
async function session(answerMs = 20_000, leastBytesPerSecond = 0): Promise<Session> {
  const address = { ...addressOf(urlOf(server, "house")), host: line.host, port: line.port };
  return connect(
    address,
    "source",
    { silence: { silenceMs: 200, answerMs, leastBytesPerSecond } },
    testWait(),
  );
}

async function drain(bytes: AsyncIterable<Buffer>, slowly = false): Promise<number> {
  let read = 0;
  for await (const part of bytes) {
    if (read === 0 && slowly) await pause(900);
    read += part.length;
  }
  return read;
}

describe("a statement", () => {
  it.each([
    ["never arrives", { kind: "breaks", how: "silence" }],
    ["is answered and the answer never arrives", { kind: "answer-breaks", bytes: 0, how: "silence" }],
  ] as const)("that %s is lost, by what the server says of it", async (_, fault) => {
    await using asking = await session();
    line.meets("select 7", fault);
    await expect(asking.query("select 7")).rejects.toMatchObject({
      code: "source/lost",
      message: expect.stringContaining("the server does nothing for it any more"),
    });
  });

  it("is lost when the whole server goes silent", async () => {
    await using asking = await session(300);
    line.meets(/./, { kind: "breaks", how: "silence" }, { times: Infinity });
    await expect(asking.query("select 7")).rejects.toMatchObject({
      code: "source/lost",
      message: expect.stringContaining("does not answer at all"),
    });
  });

  it("whose session the server ended is lost, though the end never came through", async () => {
    await using asking = await session();
    line.meets("select 7", { kind: "answer-breaks", bytes: 0, how: "silence" });
    const asked = asking.query("select 7, pg_sleep(60)").catch((error: unknown) => error);
    await line.hears(opening);
    await psql(
      server,
      "postgres",
      "select pg_terminate_backend(pid) from pg_stat_activity where query like 'select 7%'",
    );
    expect(await asked).toMatchObject({ code: "source/lost" });
  });

  it("that takes its time is waited for", async () => {
    await using asking = await session();
    expect(await asking.query("select 1 as one from pg_sleep(1.2)")).toEqual([{ one: 1 }]);
    // The server was asked meanwhile, more than once.
    expect(line.said.filter((said) => said === opening).length).toBeGreaterThan(2);
  });
});

describe("a line that trickles", () => {
  const trickle = { kind: "answer-trickles", bytesPerSecond: 2_000 } as const;
  const tooSlow = {
    code: "source/lost",
    message: expect.stringMatching(/the connection is too slow, \d+ bytes in \d+ seconds: /),
  };

  it.each(["copy public.t to stdout", "copy (select repeat('x', 600000)) to stdout"])(
    "with what %s reads is given up, whether the server waits or is done",
    async (copy) => {
      await using asking = await session(20_000, 100_000);
      line.meets("copy ", trickle);
      await expect(drain(asking.copyOut(copy).bytes)).rejects.toMatchObject(tooSlow);
    },
  );

  it("with what is written is given up", async () => {
    await using asking = await session(20_000, 100_000);
    await asking.query("create temp table u (t text)");
    line.meets("copy u", { ...trickle, kind: "saying-trickles" });
    const rows = async function* (): AsyncGenerator<Buffer> {
      for (let at = 0; at < 300; at += 1) yield Buffer.from(`${"x".repeat(99_999)}\n`);
    };
    // It may look silent: buffers of the system take much at once, and then nothing for long.
    await expect(asking.copyIn("copy u from stdin", rows())).rejects.toMatchObject({ code: "source/lost" });
  });

  it("because rows are hard to find is waited for", async () => {
    await using asking = await session(20_000, 1_000_000);
    const hard =
      "copy (select repeat('x', 9000) from generate_series(1, 30) g, pg_sleep(0.05 + 0 * g)) to stdout";
    expect(await drain(asking.copyOut(hard).bytes)).toBe(9001 * 30);
    expect(line.said.filter((said) => said === opening).length).toBeGreaterThan(2);
  });

  it("because its bytes are taken slowly is waited for", async () => {
    await using asking = await session(20_000, 50_000);
    expect(await drain(asking.copyOut("copy public.t to stdout").bytes, true)).toBe(641 * 30_000);
  });
});

describe("a pg_dump", () => {
  let dumps = 0;

  async function dump(limits: LineLimits, wait: Waiting = testWait()): Promise<Buffer> {
    const address = { ...addressOf(urlOf(server, "house")), host: line.host, port: line.port, ...limits };
    // Those beside it are on lines of their own. Who asks what others do is in no transaction: in one the server
    // answers as it did the first time.
    const beside = async (): Promise<Session> =>
      connect(addressOf(urlOf(server, "house")), "source", {}, testWait());
    await using session = await beside();
    await using holder = await beside();
    await holder.query("begin isolation level repeatable read");
    const [{ snapshotId } = { snapshotId: "" }] = await holder.query<{ snapshotId: string }>(
      'select pg_export_snapshot() as "snapshotId"',
    );
    const programs = await findPrograms([], majorOf(session.versionNum), testWait());
    const scope = { kind: "database", database: "house" } as const;
    const request = { address, scope, snapshotId, lockTimeoutMs: 60_000, programs };
    // Each dump has a name of its own, as the server may still show the one before.
    dumps += 1;
    return await dumpSchema({ ...request, beside: { session, holderPid: dumps } }, wait);
  }

  it("whose connection goes silent is ended", async () => {
    line.meets("tableoid, oid, oprname", { kind: "answer-breaks", bytes: 9000, how: "silence" });
    await expect(dump({ silenceMs: 500 })).rejects.toMatchObject({
      code: "source/lost",
      message: expect.stringContaining("the connection of pg_dump is dead and nobody said so"),
    });
  });

  it("whose connection trickles is ended", async () => {
    line.meets("tableoid, oid, oprname", { kind: "answer-trickles", bytesPerSecond: 300 });
    await expect(dump({ silenceMs: 500, leastBytesPerSecond: 1_000_000 })).rejects.toMatchObject({
      code: "source/lost",
    });
  });

  it("whose connection is slow and good is let be", async () => {
    const operators = "tableoid, oid, oprname";
    line.meets(operators, { kind: "answer-trickles", bytesPerSecond: 20_000 });
    const asked = line.hears(operators);
    const enough = new AbortController();
    const dumped = dump({ silenceMs: 700 }, { signal: enough.signal }).catch((error: unknown) => error);
    await asked;
    // The answer, of some 60 kB, takes many times the silence; what is asked next says that it has come.
    await Promise.race([line.hears(/^Q/s), dumped]);
    enough.abort(new Failure("wait/cancelled", "enough was seen"));
    expect(await dumped).toMatchObject({ code: "wait/cancelled" });
  });

  it("that waits for a lock is waited for", async () => {
    const address = addressOf(urlOf(server, "house"));
    await using locking = await connect(address, "source", { ownSearchPath: true }, testWait());
    await locking.query("begin; lock table t in access exclusive mode");
    const dumped = dump({ silenceMs: 1000 });
    const waiting =
      "select exists (select from pg_locks where relation::regclass::text = 't' and not granted)";
    await until("pg_dump waits", async () => (await psql(server, "house", waiting)) === "t");
    // More than twice the silence.
    await psql(server, "house", "select pg_sleep(2.5)");
    await locking.query("commit");
    expect((await dumped).subarray(0, 5).toString()).toBe("PGDMP");
  });
});

describe("rows that are read", () => {
  it("and stop coming are lost", async () => {
    await using asking = await session();
    line.meets("copy public.t", { kind: "answer-breaks", bytes: 300_000, how: "silence" });
    await expect(drain(asking.copyOut("copy public.t to stdout").bytes)).rejects.toMatchObject({
      code: "source/lost",
      message: expect.stringContaining("what the server sends does not arrive"),
    });
  });

  it("may be taken slowly", async () => {
    await using asking = await session();
    expect(await drain(asking.copyOut("copy public.t to stdout").bytes, true)).toBe(641 * 30_000);
  });
});

describe("rows that are written", () => {
  async function* rows(count: number, restMs = 0): AsyncGenerator<Buffer> {
    for (let at = 0; at < count; at += 1) {
      if (at === 1 && restMs > 0) await pause(restMs);
      yield Buffer.from(`${"x".repeat(99_999)}\n`);
    }
  }

  it("and do not arrive any more are lost", async () => {
    await using asking = await session();
    await asking.query("create temp table u (t text)");
    line.meets("copy u", { kind: "saying-breaks", bytes: 300_000, how: "silence" });
    await expect(asking.copyIn("copy u from stdin", rows(300))).rejects.toMatchObject({
      code: "source/lost",
      message: expect.stringContaining("the server waits for what was sent long since"),
    });
  });

  it("may be made slowly", async () => {
    await using asking = await session();
    await asking.query("create temp table u (t text)");
    expect(await asking.copyIn("copy u from stdin", rows(3, 900))).toBe(3);
  });
});
