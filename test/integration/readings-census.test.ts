/**
 * The census against the archive of pg_dump (trap 9): nothing the catalogs hold is missing from the
 * archive unseen, on a schema of nearly every kind and on the bench's, and each alteration shows.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run } from "../../src/base/program.ts";
import type { Scope } from "../../src/model/fingerprint.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { censusAgainstToc } from "../../src/postgres/readings/census-toc.ts";
import { type CensusEntry, censusOf, readCensusEntries } from "../../src/postgres/readings/census.ts";
import { setExactText } from "../../src/postgres/session/settings.ts";
import { judgedColumns } from "../support/catalog-columns.ts";
import {
  createDatabase,
  environmentOf,
  psql,
  startTestServer,
  testWait,
} from "../support/postgres-server.ts";
import { richSchema } from "../support/rich-schema.ts";

let server: PrivateServer;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "rich");
  await psql(server, "rich", richSchema);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

async function censusEntries(scope: Scope): Promise<CensusEntry[]> {
  await using session = await connect(
    { ...server.address, database: scope.database },
    "source",
    {},
    testWait(),
  );
  await setExactText(session);
  return await readCensusEntries(session, scope);
}

/** The archive's table of contents as the stock pg_restore lists it. */
async function listed(
  scope: Scope,
  leaveOut: RegExp = /$^/,
): Promise<{ desc: string; tag: string; catalogId: { tableOid: number; oid: number } }[]> {
  const only = scope.kind === "schemas" ? scope.schemas.flatMap((schema) => ["-n", `"${schema}"`]) : ["-C"];
  const env = environmentOf(server, scope.database);
  const dump = await run(
    { file: join(server.binFolder, "pg_dump"), args: ["-Fc", "-s", ...only], env },
    testWait(),
  );
  const list = await run(
    { file: join(server.binFolder, "pg_restore"), args: ["-l"], input: dump.stdout },
    testWait(),
  );
  const lines = list.stdout
    .toString("utf8")
    .split("\n")
    .filter((line) => /^\d+;/.test(line) && !leaveOut.test(line));
  return lines.map((line) => {
    const [, tableOid = "", oid = "", rest = ""] = /^\d+; (\d+) (\d+) (.*)$/.exec(line) ?? [];
    const mapping = /^(USER MAPPING) - (USER MAPPING .*) \S+$/.exec(rest);
    return {
      desc: mapping?.[1] ?? rest,
      tag: mapping?.[2] ?? rest,
      catalogId: { tableOid: Number(tableOid), oid: Number(oid) },
    };
  });
}

const whole: Scope = { kind: "database", database: "rich" };
const app: Scope = { kind: "schemas", database: "rich", schemas: ["app"] };

describe("every column of every catalog", () => {
  const fates = ["compared", "derived", "physical", "moment", "server", "told", "omitted"];
  const named = judgedColumns().map(({ catalog, name }) => `${catalog}.${name}`);

  it("is compared, or is known not to be for a reason", async () => {
    await using session = await connect({ ...server.address, database: "rich" }, "source", {}, testWait());
    const found = await session.query<{ name: string }>(
      `select c.relname || '.' || a.attname as name from pg_class c join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped`,
    );
    expect(found.length).toBeGreaterThan(500);
    expect(found.map(({ name }) => name).filter((one) => !named.includes(one))).toEqual([]);
  });

  it("has one fate", () => {
    expect(judgedColumns().filter(({ fate, why }) => !fates.includes(fate) || why === "")).toEqual([]);
    expect(named.filter((one, index) => named.indexOf(one) !== index)).toEqual([]);
  });
});

describe("a census", () => {
  it("finds nothing that a dump of the whole database lacks", async () => {
    expect(censusAgainstToc(await censusEntries(whole), await listed(whole))).toEqual([]);
  });

  it("finds nothing that a dump of a schema lacks", async () => {
    expect(censusAgainstToc(await censusEntries(app), await listed(app))).toEqual([]);
  });

  it("finds nothing that a dump of the bench's tenant lacks", async () => {
    await createDatabase(server, "erp");
    const text = await readFile(join(import.meta.dirname, "../../bench/erp.sql"), "utf8");
    await psql(
      server,
      "erp",
      text.replaceAll(/(\d+)\*:scale/g, (_, count) => String(Math.ceil(Number(count) / 1000))),
    );
    const scope: Scope = { kind: "database", database: "erp" };
    const entries = await censusEntries(scope);
    expect(entries.length).toBeGreaterThan(100);
    expect(censusAgainstToc(entries, await listed(scope))).toEqual([]);
  });

  it("tells subscriptions on a server that was built without XML", async () => {
    await createDatabase(server, "no_xml");
    await psql(
      server,
      "no_xml",
      `create subscription "Far Off" connection 'host=nowhere.example password=canary' publication q, "P & Q"
         with (connect = false, slot_name = none);
       update pg_proc set proname = 'not_' || proname where proname ~ 'xml';`,
    );
    const entries = await censusEntries({ kind: "database", database: "no_xml" });
    const told = entries.filter(({ catalog }) => catalog === "pg_subscription");
    expect(told.map(({ kind, identity }) => `${kind}: ${identity}`).toSorted()).toEqual([
      expect.stringMatching(/^connection of a subscription: "Far Off" [0-9a-f]{32}$/),
      expect.stringMatching(
        /^options of a subscription: "Far Off" of \S+ to \{"P & Q",q\} \{.*"subslotname": null/,
      ),
      'subscription: "Far Off"',
    ]);
  });

  it.each([
    ["a subscription", / SUBSCRIPTION /, "subscription"],
    ["a policy", / POLICY /, "policy"],
    ["a user mapping", /USER MAPPING rich_owner/, "user mapping"],
    ["a table", / TABLE app cache /, "table"],
    ["an index", / INDEX app lower_note /, "index"],
    ["a foreign key", / FK CONSTRAINT app refers to_parent /, "constraint"],
    ["a default privilege", / DEFAULT ACL app /, "default privileges"],
  ])("misses %s that the archive was robbed of", async (_, line, kind) => {
    const missing = censusAgainstToc(await censusEntries(whole), await listed(whole, line));
    expect(missing.map((entry) => entry.kind)).toEqual([kind]);
  });

  it.each([
    ["a dropped column", "alter table app.serial drop big", ["column", "owner", "sequence"]],
    ["a changed type", "alter table app.in_am alter x type bigint", ["column"]],
    ["a disabled trigger", "alter table app.refers disable trigger late", ["trigger"]],
    ["a dropped index", "drop index app.lower_note", ["comment", "index"]],
    ["a revoked privilege", "revoke select on app.parent from rich_reader", ["privileges"]],
    [
      "a materialised view that is stored otherwise",
      "alter materialized view app.summary alter name set storage external",
      ["column"],
    ],
    [
      "an index that takes no rows",
      "update pg_index set indisready = false where indexrelid = 'app.lower_note'::regclass",
      ["index"],
    ],
    ["a changed owner", "alter table app.refers owner to rich_owner", ["owner"]],
    ["a validated constraint", "alter table app.refers validate constraint to_parent", ["constraint"]],
    ["a changed comment", "comment on schema app is 'another'", ["comment"]],
    ["a new enum label", "alter type app.mood add value 'meh' after 'sad'", ["enum"]],
    [
      "a changed function body",
      "create or replace procedure app.work(inout x int) language plpgsql as 'begin x := 0; end'",
      ["procedure"],
    ],
    ["a table without row security", "alter table app.parent no force row level security", ["table"]],
    ["a sequence with another step", "alter sequence app.untouched increment 2", ["sequence"]],
    ["a changed publication", "alter publication a_few drop table app.refers", ["table of a publication"]],
    [
      "a child that inherits no more",
      "alter table app.child no inherit app.parent",
      ["column", "constraint", "table"],
    ],
  ])("shows %s in its digests", async (_, change, kinds) => {
    const before = censusOf(await censusEntries(whole));
    await psql(server, "postgres", 'create database altered template "rich"');
    try {
      await psql(server, "altered", change);
      const after = censusOf(await censusEntries({ kind: "database", database: "altered" }));
      // Subscriptions are not copied with a template.
      const comparable = before.filter(({ kind }) => !kind.endsWith("subscription"));
      const changed = comparable.filter(({ kind, count, sha256 }) => {
        const now = after.find((one) => one.kind === kind);
        return now?.count !== count || now.sha256 !== sha256;
      });
      expect(changed.map(({ kind }) => kind).toSorted()).toEqual(kinds);
    } finally {
      await psql(server, "postgres", "drop database altered");
    }
  });
});
