/**
 * A stolen host may sign any archive: in the entries that the administrator runs it finds no room for statements of
 * another kind, in scratch or on a target (trap 19).
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Image } from "../../src/postgres/image.ts";
import { parseToc } from "../../src/postgres/archive/toc.ts";
import { mightyEntries } from "../../src/postgres/load/mighty-entries.ts";
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

async function loaded(image: Image, database: string): Promise<LoadReport> {
  return loadInto(scratch, image, { destination: { database } });
}

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

it("loads whole what nobody forged", async () => {
  expect((await loaded(memoryImage(honest), "honest")).problems).toEqual([]);
});

it("tells what reaches beyond the server by the archive itself", () => {
  expect(mightyEntries(parseToc(archiveOf(honest)))).toEqual(["an event trigger"]);
});
