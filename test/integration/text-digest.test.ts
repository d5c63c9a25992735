/** A text of the catalogs is digested as it lies there, and no MD5 is asked for, which a server under FIPS refuses. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { textDigest } from "../../src/postgres/readings/text-digest.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";

let server: PrivateServer;
beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "raw", "template template0 encoding 'SQL_ASCII' lc_collate 'C' lc_ctype 'C'");
});
afterAll(() => server[Symbol.asyncDispose]());

it.each([
  ["plain", "'body'::text", Buffer.from("body")],
  ["with backslashes", String.raw`'a\\b\001'::text`, Buffer.from(String.raw`a\\b\001`)],
  ["no lawful text in any encoding", "chr(233) || chr(255)", Buffer.from([233, 255])],
])("%s", async (_, expression, bytes) => {
  const expected = createHash("sha256").update(bytes).digest("hex").slice(0, 32);
  expect(await psql(server, "raw", `select ${textDigest(expression)}`)).toBe(expected);
});

it("nothing of nothing", async () => {
  expect(await psql(server, "raw", `select ${textDigest("null::text")} is null`)).toBe("t");
});
