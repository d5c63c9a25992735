/** A session says what PostgreSQL says, whole or not at all, and names its troubles without telling values. */
import { once } from "node:events";
import { createConnection, createServer } from "node:net";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Failure, isFailure } from "../../src/base/failure.ts";
import { addressOf } from "../../src/postgres/session/address.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import { sqlStateOf } from "../../src/postgres/session/errors.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import type { Session } from "../../src/postgres/session/session.ts";
import { setExactText } from "../../src/postgres/session/settings.ts";
import { createDatabase, psql, startTestServer, testWait, urlOf } from "../support/postgres-server.ts";

let server: PrivateServer;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "house");
  await psql(
    server,
    "house",
    "create table t (n int primary key, word text); create role guest login password 'pw'",
  );
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function house(signal = testWait().signal): Promise<Session> {
  return connect(addressOf(urlOf(server, "house")), "source", {}, { signal });
}

async function failureOf(work: Promise<unknown>): Promise<Failure> {
  const error: unknown = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof Failure) return error;
  throw new Error(`no failure but ${String(error)}`, { cause: error });
}

async function* parts(...texts: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function drain(bytes: AsyncIterable<Buffer>): Promise<string> {
  const read: Buffer[] = [];
  for await (const part of bytes) read.push(part);
  return Buffer.concat(read).toString("utf8");
}

function linesIn(bytes: Buffer): number {
  return bytes.filter((byte) => byte === 0x0a).length;
}

describe("a session", () => {
  it("answers queries and copies both ways with the server's own counts", async () => {
    await using session = await house();
    await session.query("begin");
    expect(await session.copyIn("copy public.t from stdin", parts("1\ton", "e\n2\ttwo\n"))).toBe(2);
    const copy = session.copyOut("copy public.t to stdout");
    expect(await drain(copy.bytes)).toBe("1\tone\n2\ttwo\n");
    expect(copy.rows()).toBe(2);
    await session.query("rollback");
    expect(await session.query("select count(*)::int as n from public.t")).toEqual([{ n: 0 }]);
    expect(session.versionNum).toBeGreaterThan(130_000);
  });

  it("fails by the side and the SQLSTATE", async () => {
    const login = (url: string) => failureOf(connect(addressOf(url), "source", {}, testWait()));
    expect((await login(urlOf(server, "house", { user: "guest", password: "wrong" }))).code).toBe(
      "source/login",
    );
    expect((await login(urlOf(server, "nowhere"))).code).toBe("source/absent");
    expect((await login("postgres://x@%2Fno%2Fsuch/d")).code).toBe("source/unreachable");
    expect((await login("postgres://x@127.0.0.1:1/d")).code).toBe("source/unreachable");
    await using guest = await connect(
      addressOf(urlOf(server, "house", { user: "guest", password: "pw" })),
      "source",
      {},
      testWait(),
    );
    expect((await failureOf(guest.query("select * from public.t"))).code).toBe("source/permission");
    await using target = await connect(addressOf(urlOf(server, "house")), "target", {}, testWait());
    expect((await failureOf(target.query("select 1/0"))).code).toBe("load/failed");
  });

  it("goes in the clear over TCP only where the URL allows it", async () => {
    await using proxy = createServer((client) => {
      const { host, port } = server.address;
      const backend = createConnection(`${host}/.s.PGSQL.${String(port)}`);
      for (const socket of [client, backend]) socket.on("error", () => undefined);
      client.pipe(backend).pipe(client);
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const address = proxy.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const url = `postgres://guest:pw@127.0.0.1:${String(port)}/house`;
    {
      await using session = await connect(addressOf(url), "source", {}, testWait());
      expect(await session.query("select 1 as one")).toEqual([{ one: 1 }]);
    }
    const noFile = connect(
      addressOf(`${url}?sslmode=verify-full&sslrootcert=/no/such`),
      "source",
      {},
      testWait(),
    );
    expect((await failureOf(noFile)).code).toBe("config/invalid");
    for (const mode of ["require", "verify-full"]) {
      const refused = await failureOf(connect(addressOf(`${url}?sslmode=${mode}`), "source", {}, testWait()));
      expect(refused).toMatchObject({ code: "source/unreachable", hint: expect.stringContaining("sslmode") });
    }
  });

  it("keeps the values of a broken constraint out of the message", async () => {
    await using session = await house();
    const failure = await failureOf(
      session.query("insert into public.t values ($1, $2), ($1, $2)", [7, "canary"]),
    );
    expect(sqlStateOf(failure)).toBe("23505");
    expect(failure.message).not.toContain("canary");
    expect((await failureOf(session.query("select $1::text::int", ["canary"]))).message).not.toContain(
      "canary",
    );
  });

  it("hands over what the caller's own rows threw, and goes on", async () => {
    await using session = await house();
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* parts("1\tone\n");
      throw new Failure("store/corrupt", "a damaged chunk");
    }
    expect((await failureOf(session.copyIn("copy public.t from stdin", broken()))).code).toBe(
      "store/corrupt",
    );
    expect(await session.query("select count(*)::int as n from public.t")).toEqual([{ n: 0 }]);
  });

  it("stops reading the caller's rows when the server refuses one", async () => {
    await using session = await house();
    let given = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        given += 1;
        yield Buffer.from(
          `${String(given)}\t${"x".repeat(100_000)}\n${given === 3 ? "not a number\tx\n" : ""}`,
        );
      }
    }
    expect(sqlStateOf(await failureOf(session.copyIn("copy public.t from stdin", endless())))).toBe("22P02");
    expect(await session.query("select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("throws in the middle of a COPY whose connection is cut", async () => {
    await using session = await house();
    const [{ pid } = { pid: 0 }] = await session.query<{ pid: number }>("select pg_backend_pid() as pid");
    const { bytes } = session.copyOut(
      "copy (select repeat('x', 1000) from generate_series(1, 300000)) to stdout",
    );
    let cut = false;
    const reading = (async () => {
      for await (const part of bytes) {
        if (part.length > 0 && !cut) {
          cut = true;
          await psql(server, "house", `select pg_terminate_backend(${String(pid)})`);
        }
      }
    })();
    expect((await failureOf(reading)).code).toBe("source/lost");
    expect((await failureOf(session.query("select 1"))).code).toBe("source/lost");
  });

  it("throws when the server fails after the first rows of a COPY", async () => {
    await using session = await house();
    const { bytes } = session.copyOut(
      "copy (select 1 / (200000 - n) from generate_series(1, 300000) n) to stdout",
    );
    expect(sqlStateOf(await failureOf(drain(bytes)))).toBe("22012");
    expect(await session.query("select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("copies several one behind the other, each with its rows, and says which of them failed", async () => {
    await using session = await house();
    const numbers = (to: number): string =>
      `copy (select n from generate_series(1, ${String(to)}) n) to stdout`;
    const wanted = [3, 0, 200_000, 0, 1];
    const found: { rows: number; lines: number }[] = [];
    let lines = 0;
    for await (const { bytes, ends } of session.copiesOut(wanted.map(numbers))) {
      let from = 0;
      for (const { at, rows } of ends) {
        found.push({ rows, lines: lines + linesIn(bytes.subarray(from, at)) });
        [lines, from] = [0, at];
      }
      lines += linesIn(bytes.subarray(from));
    }
    expect(found).toEqual(wanted.map((rows) => ({ rows, lines: rows })));
    expect(lines).toBe(0);

    const failing = "copy (select 1 / (200000 - n) from generate_series(1, 300000) n) to stdout";
    const reading = Array.fromAsync(session.copiesOut([numbers(2), failing, numbers(5)]));
    const failure = await failureOf(reading);
    expect(sqlStateOf(failure)).toBe("22012");
    expect(failure.message).toContain("copy (select 1 / (200000 - n)");
    expect(await session.query("select 1 as one")).toEqual([{ one: 1 }]);
  });

  it("ends with its wait, in the middle of a statement too", async () => {
    const ending = new AbortController();
    await using session = await house(ending.signal);
    const sleeping = failureOf(session.query("select pg_sleep(60)"));
    ending.abort();
    expect((await sleeping).code).toBe("wait/cancelled");
    expect(isFailure(await failureOf(session.query("select 1")), "wait/cancelled")).toBe(true);
  });

  it("breaks off a COPY that nobody reads on, and with it the connection", async () => {
    await using session = await house();
    for await (const part of session.copyOut("copy (select n from generate_series(1, 3000000) n) to stdout")
      .bytes) {
      if (part.length > 0) break;
    }
    expect((await failureOf(session.query("select 1"))).code).toBe("source/lost");
  });

  it("reads exact text whatever the role and the database are set to", async () => {
    await psql(
      server,
      "house",
      `alter database house set datestyle = 'German'; alter database house set extra_float_digits = 0;
       alter database house set statement_timeout = '1ms'; alter database house set timezone = 'Asia/Dubai';
       alter database house set search_path = 'public'; alter database house set bytea_output = 'escape'`,
    );
    await using session = await connect(addressOf(urlOf(server, "house")), "source", {}, testWait());
    await setExactText(session);
    const { bytes } = session.copyOut(
      `copy (select 0.1::float8 + 0.2, '2026-11-21 01:02:03Z'::timestamptz, '\\x00ff'::bytea, current_schemas(false)) to stdout`,
    );
    expect(await drain(bytes)).toBe("0.30000000000000004\t2026-11-21 01:02:03+00\t\\\\x00ff\t{}\n");
  });
});
