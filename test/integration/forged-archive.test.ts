/**
 * A stolen host may sign any archive: in the entries that the administrator runs it finds no room for statements of
 * another kind, in scratch or on a target (trap 19).
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Image } from "../../src/postgres/image.ts";
import { parseToc, type TocEntry } from "../../src/postgres/archive/toc.ts";
import { mightyEntries } from "../../src/postgres/load/statements/mighty-entries.ts";
import type { LoadReport } from "../../src/postgres/load/report.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { loadInto, startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";

const room = "x".repeat(90);

const tenant = `
  create role owner; create role reader;
  create table public.t (k int); alter table public.t owner to owner;
  create function public.named_so_that_there_is_room_for_more_than_a_name_in_it(k int) returns int language sql as 'select k';
  comment on table public.t is '${room}';
  grant select on public.t to reader;
  alter default privileges for role owner in schema public grant select on tables to reader, owner with grant option;
  create function public.on_ddl() returns event_trigger language plpgsql as 'begin end';
  create event trigger on_ddl on ddl_command_end when tag in ('CREATE TABLE', 'CREATE VIEW', 'CREATE SEQUENCE') execute function public.on_ddl();
  create publication told for table public.t with (publish = 'insert, update, delete, truncate');
  create foreign data wrapper hollow options (a 'b'); alter foreign data wrapper hollow options (drop a);
  create server nowhere foreign data wrapper hollow; create foreign table public.afar (c int) server nowhere;
  alter foreign table public.afar alter c set statistics 5, alter c set (n_distinct = -0.5), alter c set storage plain, alter c set not null, alter c options (add x 'y), ''z');
  create foreign table public.below () inherits (public.t) server nowhere;
  create operator family public.loose using btree; alter operator family public.loose using btree add function 1 (int, text) btint4cmp(int, int);
  create function public.in_c(regclass) returns bigint language internal strict as 'pg_relation_size';
  create function public.door() returns text language sql security definer as 'select current_user::text';
  create subscription far connection 'host=127.0.0.1 port=1 dbname=x' publication p with (connect = false);
  create cast (bigint as oidvector) with inout;
  create schema own; alter schema own owner to owner;
  create text search parser public.words (start = prsd_start, gettoken = prsd_nexttoken, end = prsd_end, lextypes = prsd_lextype, headline = prsd_headline);`;

let source: PrivateServer;
let scratch: PrivateServer;
let honest: Awaited<ReturnType<typeof backupOf>>;

beforeAll(async () => {
  source = await startTestServer();
  scratch = await startScratch();
  await createDatabase(source, "tenant");
  await psql(source, "tenant", tenant);
  honest = await backupOf(source, "tenant");
});
afterAll(async () => {
  await scratch[Symbol.asyncDispose]();
  await source[Symbol.asyncDispose]();
});

function archiveOf({ fingerprint, streams }: typeof honest): Buffer {
  return streams.get(fingerprint.schema.stream) ?? Buffer.alloc(0);
}

/** The archive with other bytes of the same length in the place of some. */
function forged(from: RegExp, to: string): Image {
  const archive = archiveOf(honest).toString("latin1");
  const [text] = from.exec(archive) ?? [];
  if (text === undefined || to.length > text.length) throw new Error(`no room for ${to}`);
  const bytes = Buffer.from(archive.replace(text, to.padEnd(text.length, " ")), "latin1");
  const { schema } = honest.fingerprint;
  return memoryImage({ ...honest, streams: new Map([...honest.streams, [schema.stream, bytes]]) });
}

type Texts = Partial<Pick<TocEntry, "defn" | "dropStmt" | "tag">>;

/** The archive with other texts of any length in some of its entries, by kind and tag. */
function rewritten(changes: Readonly<Record<string, Texts>>): Image {
  const archive = archiveOf(honest);
  let bytes = archive.toString("latin1");
  for (const [subject, texts] of Object.entries(changes)) {
    const entry = parseToc(archive).entries.find(({ desc, tag }) => `${desc} ${tag}` === subject);
    if (entry === undefined) throw new Error(`no ${subject}`);
    const start = bytes.indexOf(counted(entry.tag) + counted(entry.desc));
    for (const part of ["dropStmt", "defn", "tag"] as const) {
      const text = texts[part];
      if (text === undefined) continue;
      const from = counted(entry[part]);
      const at = bytes.indexOf(from, start);
      bytes = bytes.slice(0, at) + counted(text) + bytes.slice(at + from.length);
    }
  }
  const { schema } = honest.fingerprint;
  const streams = new Map([...honest.streams, [schema.stream, Buffer.from(bytes, "latin1")]]);
  return memoryImage({ ...honest, streams });
}

/** A sign, four bytes of length from the least on, and the text. */
function counted(text: string): string {
  const head = Buffer.alloc(5);
  head.writeInt32LE(text.length, 1);
  return head.toString("latin1") + text;
}

async function loaded(image: Image, database: string): Promise<LoadReport> {
  return loadInto(scratch, image, { destination: { database } });
}

let databases = 0;

const pwned = "create role pwned superuser;";

describe("what a stolen host says in place of", () => {
  it.each([
    ["a comment", /COMMENT ON TABLE public\.t IS 'x+';/, pwned],
    [
      "a comment, behind it",
      /COMMENT ON TABLE public\.t IS 'x+';/,
      `COMMENT ON TABLE public.t IS ''; ${pwned}`,
    ],
    ["a comment, about a role", /COMMENT ON TABLE public\.t IS 'x+';/, "COMMENT ON ROLE reader IS 'pwned';"],
    ["a grant", /GRANT SELECT ON TABLE public\.t TO reader;/, "GRANT owner TO reader; --"],
    ["default privileges", /ALTER DEFAULT PRIVILEGES FOR ROLE owner [^;]*;/, pwned],
    ["an event trigger", /CREATE EVENT TRIGGER on_ddl [^;]*;/, pwned],
    ["a publication", /CREATE PUBLICATION told [^;]*;/, pwned],
    ["a text search parser", /CREATE TEXT SEARCH PARSER [^;]*;/, pwned],
    [
      "the name by which a function is dropped",
      /DROP FUNCTION public\.named_so[^;]*;/,
      `DROP FUNCTION f(); ${pwned}`,
    ],
  ])("%s does not run", async (what, from, to) => {
    const database = `forged ${what}`;
    const report = await loaded(forged(from, to), database);
    expect(await psql(scratch, database, "select 1 from pg_roles where rolname = 'pwned'")).toBe("");
    expect(
      await psql(
        scratch,
        database,
        "select 1 from pg_auth_members m where m.roleid = 'owner'::regrole and m.member = 'reader'::regrole",
      ),
    ).toBe("");
    expect(await psql(scratch, database, "select 1 from pg_shdescription where description = 'pwned'")).toBe(
      "",
    );
    const told = [...report.problems.map(({ kind, message }) => `${kind}: ${message}`), ...report.notes];
    expect(told).toContainEqual(
      expect.stringMatching(/^machine: its text says what no .* says|^dropped function public\.named_so/),
    );
  });
});

describe("a stolen host's archive", () => {
  const kept = (subject: string) => ({ subject, kind: "machine" });
  const told = ({ problems }: LoadReport) => problems.map(({ subject, kind }) => ({ subject, kind }));

  it("runs nothing by a line that is taken out of a grant", async () => {
    const defn = `GRANT SELECT ON TABLE public.t TO reader, "a\nREVOKE " FROM "1";\nGRANT SELECT ON TABLE public.t TO "; ${pwned} --";\n`;
    const report = await loaded(rewritten({ "ACL TABLE t": { defn } }), "line");
    expect(await psql(scratch, "line", "select 1 from pg_roles where rolname = 'pwned'")).toBe("");
    expect(told(report)).toEqual([kept("ACL public.TABLE t")]);
  });

  it.each([
    ["ACL TABLE t", "GRANT ALL ON  database postgres TO reader;"],
    [
      "SUBSCRIPTION far",
      "CREATE SUBSCRIPTION far CONNECTION 'x' PUBLICATION p WITH (connect = false); CREATE SUBSCRIPTION near CONNECTION 'port=1' PUBLICATION p WITH (create_slot = false, enabled = false);",
    ],
  ])("has in place of %s no room for %s", async (subject, defn) => {
    const database = `room ${String((databases += 1))}`;
    const report = await loaded(rewritten({ [subject]: { defn } }), database);
    const left = report.entries.filter(({ outcome }) => outcome !== "applied").map(({ desc }) => desc);
    expect(left).toEqual([subject.split(" ")[0]]);
    const marks = `select datacl::text from pg_database where datname = 'postgres' and datacl::text ~ 'reader'
      union all select subname from pg_subscription where subname = 'near'`;
    expect(await psql(scratch, database, marks)).toBe("");
  });

  it.each([
    ["FUNCTION door()", "DROP FUNCTION public.door() OWNER TO current_user --;\n"],
    ["FUNCTION door()", "DROP FUNCTION pg_catalog.lo_export(oid, text);\n"],
    ["FUNCTION in_c(regclass)", "DROP FUNCTION public.door();\n"],
    ["FUNCTION in_c(regclass)", "DROP FUNCTION pg_catalog.lo_export(oid, text);\n"],
  ])("whose %s is dropped by %s gives nobody what is not his", async (subject, dropStmt) => {
    const database = `drop ${String((databases += 1))}`;
    await loaded(rewritten({ [subject]: { dropStmt } }), database);
    const owners = `select proname || ' of ' || (case when rolname in ('owner', 'postgres') then 'the tenant' else 'another' end) from pg_proc p join pg_roles r on r.oid = proowner
      where proname in ('lo_export', 'door', 'in_c') order by 1`;
    const seen = await psql(scratch, database, owners);
    expect(seen).toContain("lo_export of another");
    expect(seen).not.toMatch(/(?:door|in_c) of another/);
  });

  it("gives nobody what the load did not make, though an entry of the name has nothing to do", async () => {
    const image = rewritten({ "SCHEMA own": { tag: "information_schema", defn: "--" } });
    expect(told(await loaded(image, "given"))).toContainEqual(kept("OWNER of SCHEMA .information_schema"));
    const owner = "select nspowner::regrole::text from pg_namespace where nspname = 'information_schema'";
    expect(await psql(scratch, "given", owner)).toBe(scratch.address.user);
  });

  it("has no cast of its own between types of the system, by which the administrator's questions are answered", async () => {
    const wide = {
      tag: "wide(oid)",
      defn: `CREATE FUNCTION public.wide(oid) RETURNS text LANGUAGE plpgsql AS $$begin if pg_catalog.pg_has_role('pg_read_server_files', 'member') then ${pwned} end if; return pg_catalog.textin(pg_catalog.oidout($1)); end$$;`,
      dropStmt: "DROP FUNCTION public.wide(oid);",
    };
    const defn = "CREATE CAST (oid AS text) WITH FUNCTION public.wide(oid);";
    const changes = { "FUNCTION door()": wide, "CAST CAST (bigint AS oidvector)": { defn } };
    expect(told(await loaded(rewritten(changes), "cast"))).toContainEqual(
      kept("CAST CAST (bigint AS oidvector)"),
    );
    expect(await psql(scratch, "cast", "select 1 from pg_roles where rolname = 'pwned'")).toBe("");
  });

  it("has no foreign table below a catalog of the system's", async () => {
    const defn =
      "CREATE FOREIGN TABLE public.afar (c integer)\nINHERITS (pg_catalog.pg_shdepend)\nSERVER nowhere;";
    const report = await loaded(rewritten({ "FOREIGN TABLE afar": { defn } }), "below");
    expect(told(report)).toContainEqual(kept("FOREIGN TABLE public.afar"));
    expect(await psql(scratch, "below", "select 1 from pg_inherits where inhparent < '16384'")).toBe("");
  });

  it("has no validator of a wrapper run by saying that it needs none", async () => {
    const defn = "CREATE FOREIGN DATA WRAPPER hollow VALIDATOR public.valid OPTIONS (a 'b');";
    const valid = {
      tag: "valid(text[], oid)",
      defn: `CREATE FUNCTION public.valid(text[], oid) RETURNS void LANGUAGE plpgsql AS 'begin ${pwned} end';`,
      dropStmt: "DROP FUNCTION public.valid(text[], oid);",
    };
    await loaded(
      rewritten({ "FUNCTION door()": valid, "FOREIGN DATA WRAPPER hollow": { defn } }),
      "validated",
    );
    expect(await psql(scratch, "validated", "select 1 from pg_roles where rolname = 'pwned'")).toBe("");
  });
});

it("loads whole what nobody forged", async () => {
  expect((await loaded(memoryImage(honest), "honest")).problems).toEqual([]);
});

it("tells what reaches beyond the server by the archive itself", () => {
  expect(mightyEntries(parseToc(archiveOf(honest)))).toEqual([
    "a function in internal",
    "a foreign data wrapper",
    "a foreign server",
    "an event trigger",
  ]);
});
