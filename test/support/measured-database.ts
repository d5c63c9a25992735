/** A database measured as a snapshot measures it, but at rest and whole: for tests of the comparison. */
import { join } from "node:path";
import { Measure } from "../../src/base/digest.ts";
import { run } from "../../src/base/program.ts";
import type { Fingerprint, Scope, TableFingerprint } from "../../src/model/fingerprint.ts";
import { archiveTextDigest } from "../../src/postgres/archive/archive-text.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import { copyOutStatement } from "../../src/postgres/session/copy-statement.ts";
import type { Image } from "../../src/postgres/image.ts";
import { largeObjectBytes } from "../../src/postgres/source/large-object-stream.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { findPrograms } from "../../src/postgres/server/programs.ts";
import { censusOf, readCensusEntries } from "../../src/postgres/readings/census.ts";
import { readCollations } from "../../src/postgres/readings/collations.ts";
import { readDefinitions } from "../../src/postgres/readings/definitions.ts";
import { readDatabase } from "../../src/postgres/readings/database.ts";
import { readGenerated, readMatviews } from "../../src/postgres/readings/derived.ts";
import { readExtensionRelations, readExtensions } from "../../src/postgres/readings/extensions.ts";
import { MultisetMeasure } from "../../src/postgres/readings/multiset.ts";
import { readOmitted } from "../../src/postgres/readings/omitted.ts";
import { readingsOf } from "../../src/postgres/readings/reading-digests.ts";
import { readRoles } from "../../src/postgres/readings/roles.ts";
import { readSequences } from "../../src/postgres/readings/sequences.ts";
import type { Session } from "../../src/postgres/session/session.ts";
import { setExactText } from "../../src/postgres/session/settings.ts";
import { environmentOf, testWait } from "./postgres-server.ts";

export interface MeasureWish {
  /** Quoted names of partitioned tables whose leaves are to count as loaded through them. */
  readonly throughRoots?: readonly string[];
  /** Cuts every table in two slices at this byte. */
  readonly sliceAt?: number;
}

export async function measureDatabase(
  server: PrivateServer,
  database: string,
  wish: MeasureWish = {},
): Promise<Image> {
  const wait = testWait();
  const scope: Scope = { kind: "database", database };
  await using session = await connect({ ...server.address, database }, "source", {}, wait);
  await session.query("set role none");
  await setExactText(session);
  const relations = await readExtensionRelations(session, []);
  const of = await readDatabase(session, scope, null);
  const tables = await measureTables(session, of.encoding, wish);
  const programs = await findPrograms([server.binFolder], null, wait);
  const env = { ...environmentOf(server, database), PGOPTIONS: "-c role=none" };
  const archive = await run(
    { file: join(server.binFolder, "pg_dump"), args: ["-Fc", "-C", "-s"], env },
    wait,
  );
  const largeObjects = new Measure();
  let count = 0;
  for await (const part of largeObjectBytes(session, { kind: "all" }, (objects) => (count = objects))) {
    largeObjects.update(part);
  }
  const ofLargeObjects = largeObjects.finish();
  const roles = (await readRoles(session, scope, [])).map(({ name }) => name);
  const omission = {
    leaveOutExtensions: [],
    largeObjects: "include" as const,
    extensionRelations: relations,
    roles,
    ownRoles: roles,
  };
  const fingerprint: Fingerprint = {
    scope,
    server: {
      versionNum: session.versionNum,
      version: "",
      systemIdentifier: null,
      databaseOid: 1,
      standby: false,
    },
    at: "2026-01-01T00:00:00Z",
    lsn: null,
    database: of,
    roles: await readRoles(session, scope, []),
    extensions: await readExtensions(session, []),
    collations: await readCollations(session, scope),
    census: censusOf(await readCensusEntries(session, scope)),
    definitions: await readDefinitions(session, scope),
    readings: readingsOf({ scope, versionNum: session.versionNum }),
    schema: {
      stream: "schema",
      text: await archiveTextDigest(archive.stdout, programs, wait),
      pgDumpVersion: programs.version,
    },
    tables,
    sequences: await readSequences(session, scope, relations),
    largeObjects: { stream: "large-objects", count, ...ofLargeObjects },
    generated: await readGenerated(session, scope, tables, { encoding: of.encoding }),
    matviews: await readMatviews(session, scope, { encoding: of.encoding }),
    omitted: await readOmitted(session, scope, omission),
  };
  async function* read(): AsyncGenerator<Uint8Array> {
    yield await Promise.resolve(archive.stdout);
  }
  return { fingerprint, read };
}

async function measureTables(
  session: Session,
  encoding: string,
  wish: MeasureWish,
): Promise<TableFingerprint[]> {
  const rows = await session.query<{
    schema: string;
    name: string;
    columns: string[];
    root: { schema: string; name: string } | null;
    extension: string | null;
  }>(
    `select n.nspname::text as schema, c.relname::text as name,
            (select coalesce(array_agg(a.attname::text order by a.attnum), '{}') from pg_attribute a
              where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '') as columns,
            (select json_build_object('schema', rn.nspname, 'name', r.relname) from pg_partition_ancestors(c.oid) as up
               join pg_class r on r.oid = up.relid join pg_namespace rn on rn.oid = r.relnamespace
              where format('%I.%I', rn.nspname, r.relname) = any ($1)) as root,
            e.extname::text as extension
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
       left join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = c.oid and d.deptype = 'e'
       left join pg_extension e on e.oid = d.refobjid
      where c.relkind = 'r' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        and (e.oid is null or c.oid = any (e.extconfig))`,
    [wish.throughRoots ?? []],
  );
  const tables: TableFingerprint[] = [];
  for (const row of rows) tables.push(await measureTable(session, row, encoding, wish));
  return tables;
}

async function measureTable(
  session: Session,
  {
    schema,
    name,
    columns,
    root,
    extension,
  }: {
    schema: string;
    name: string;
    columns: string[];
    root: { schema: string; name: string } | null;
    extension: string | null;
  },
  encoding: string,
  wish: MeasureWish,
): Promise<TableFingerprint> {
  const multiset = new MultisetMeasure();
  const copy = session.copyOut(copyOutStatement({ schema, name, columns }, encoding));
  const parts: Buffer[] = [];
  for await (const part of copy.bytes) parts.push(part);
  const text = Buffer.concat(parts);
  multiset.update(text);
  const cut = wish.sliceAt ?? text.length;
  const pieces = [text.subarray(0, cut), text.subarray(cut)].filter(
    (piece, index) => index === 0 || piece.length > 0,
  );
  const slices = pieces.map((piece, index) => {
    const measure = new Measure();
    measure.update(piece);
    const { bytes, sha256 } = measure.finish();
    return { stream: `${name}-${String(index)}`, offset: 0, bytes, sha256 };
  });
  const load: TableFingerprint["load"] =
    extension !== null
      ? { kind: "extension", extension }
      : root === null
        ? { kind: "ordered" }
        : { kind: "through-root", root };
  return {
    schema,
    name,
    columns,
    rows: copy.rows(),
    bytes: text.length,
    slices,
    load,
    multiset: load.kind === "ordered" ? null : multiset.finish(),
    unlogged: false,
  };
}
