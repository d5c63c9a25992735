/**
 * A tenant says more than anybody can hold, or nothing for ever, through its comments and functions: its own backup fails
 * for it or stays unproven, and the process, which works for other tenants as well, goes on.
 */
import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { systemChance } from "../../src/base/chance.ts";
import { isFailure } from "../../src/base/failure.ts";
import type { Image } from "../../src/postgres/image.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import { tryOutOn } from "../../src/verify/try-out.ts";
import { encryptedFront, portOf } from "../support/encrypted-front.ts";
import { memoryImage } from "../support/memory-image.ts";
import {
  createDatabase,
  psql,
  startTestServer,
  testBinFolder,
  testRunAs,
  testServerRoot,
  testWait,
} from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";

/** Honest where it is a source, and where it is loaded. */
const tenant = `
  create table public.t (k int);
  insert into public.t values (1), (2);
  create function public.slow(k int) returns int language plpgsql immutable as $$
    begin
      if current_setting('application_name') = 'holdfast compare' then perform pg_sleep(3600); end if;
      return k;
    end $$;
  create index slow on public.t (public.slow(k));`;

/** More than one message may have; the engine's own limit is eight times as much. */
const tooMuch = "pg_catalog.repeat('x', 70000000)";

let server: PrivateServer;
let image: Image;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "tenant");
  await psql(server, "tenant", tenant);
  image = memoryImage(await backupOf(server, "tenant"));
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

it("ends the connection on which one message is too long, in words that name no value", async () => {
  for (const [side, code] of [
    ["source", "source/unsupported"],
    ["scratch", "load/failed"],
  ] as const) {
    for (const statement of [`select ${tooMuch}`, `do $$ begin raise exception '%', ${tooMuch}; end $$`]) {
      await using session = await connect(server.address, side, {}, testWait());
      const failure = await session.query(statement).catch((error: unknown) => error);
      expect(failure).toMatchObject({
        code,
        message: expect.stringMatching(/^the server sent a message of \d+ bytes/),
      });
      await expect(session.query("select 1")).rejects.toMatchObject({ code });
    }
  }
});

it("ends the login at which one message is too long, in the clear and over TLS", async () => {
  // A trigger on login, of PostgreSQL 17 and newer, warns before the session stands: its warning's head says enough.
  const loggedIn = Buffer.from("R\0\0\0\x08\0\0\0\0", "latin1");
  const warning = Buffer.from("N\x23\xc3\x46\0", "latin1");
  await using talkative = createServer((socket: Socket) => {
    socket.on("error", () => undefined);
    socket.once("data", () => socket.write(Buffer.concat([loggedIn, warning])));
  });
  talkative.listen(0, "127.0.0.1");
  await once(talkative, "listening");
  await using front = await encryptedFront(() => createConnection(portOf(talkative), "127.0.0.1"));
  for (const [server, sslmode] of [
    [talkative, "disable"],
    [front, "require"],
  ] as const) {
    const address = { host: "127.0.0.1", port: portOf(server), user: "u", database: "d", sslmode };
    await expect(connect({ ...address, password: null }, "source", {}, testWait())).rejects.toMatchObject({
      code: "source/unsupported",
      message: "the server sent a message of 600000000 bytes, more than 67108864",
    });
  }
});

it("fails the backup of a tenant whose comment nobody can hold", async () => {
  await psql(
    server,
    "tenant",
    `do $$ begin execute pg_catalog.format('comment on database tenant is %L', ${tooMuch}); end $$`,
  );
  await expect(backupOf(server, "tenant")).rejects.toMatchObject({ code: "source/unsupported" });
  await psql(server, "tenant", "comment on database tenant is null");
});

it("gives a comparison up in which a function of the tenant's sleeps for ever", async () => {
  const ground = {
    root: testServerRoot,
    runAs: testRunAs(),
    binFolders: [testBinFolder()],
    jobs: 1,
    chance: systemChance,
    compareMs: 5_000,
  };
  const tryOut = tryOutOn(ground, { assertions: [], indexes: true, onProgress: () => undefined });
  const ended = await tryOut(image, testWait()).catch((error: unknown) => error);
  expect(isFailure(ended, "wait/expired")).toBe(true);
});
