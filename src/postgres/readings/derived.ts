/**
 * Data that a restore computes again instead of loading: stored generated columns and materialised
 * views. Read as an order-free digest of what is stored, by `COPY (SELECT columns FROM ONLY …)`, as a plain
 * COPY takes neither. That runs none of the tenant's code unless planning it does, and then there is no
 * digest; the session has the settings of `setExactText`.
 */
import type { Derived, Multiset, Scope, TableFingerprint } from "../../model/fingerprint.ts";
import { assertPlannedNoCode, planningHazards } from "../source/planning-hazards.ts";
import { quoteIdent, quoteLiteral, quoteName } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import { MultisetMeasure } from "./multiset.ts";
import { schemasOf, scopeTables } from "./scope.ts";

interface GeneratedRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
  readonly columns: string[];
  readonly readable: boolean;
}

/** How a table's rows are loaded; tables that go in through their root are compared at the root. */
type Loaded = Pick<TableFingerprint, "schema" | "name" | "load">;

/** Where rows are read. */
interface RowSource {
  /** In which they are copied. */
  readonly encoding: string;
  /** Sees the catalogs as they are now; to be told where rows are read in a snapshot. */
  readonly present?: Session;
}

/**
 * One entry per table with stored generated columns, rows that go in through a root under the root's name.
 */
export async function readGenerated(
  session: Session,
  scope: Scope,
  tables: readonly Loaded[],
  { encoding, present = session }: RowSource,
): Promise<Derived[]> {
  const rows = await session.query<GeneratedRow>(generatedQuery, [schemasOf(scope)]);
  const roots = rootsOf(tables);
  const wanted = new Set(roots.values());
  const derived: Derived[] = [];
  for (const row of rows) {
    const key = quoteName(row);
    if (roots.has(key) || (row.kind === "p" && !wanted.has(key))) continue;
    const reason = row.readable ? await hazardOf(present, row) : "unlogged, on a standby";
    derived.push(await derivedOf(session, { ...row, populated: true }, reason, encoding));
    if (reason === undefined) await assertPlannedNoCode(present, row);
  }
  return derived;
}

/** From the quoted name of a table to that of the root its rows go through. */
function rootsOf(tables: readonly Loaded[]): Map<string, string> {
  const roots = new Map<string, string>();
  for (const table of tables) {
    if (table.load.kind === "through-root") roots.set(quoteName(table), quoteName(table.load.root));
  }
  return roots;
}

/** Asked right before the relation is read, since an index can be made beside our locks, and again when it was. */
async function hazardOf(session: Session, { oid }: { readonly oid: number }): Promise<string | undefined> {
  const found = await planningHazards(session, [oid]);
  return found.size === 0
    ? undefined
    : "its indexes, statistics or partition key call functions of the tenant";
}

async function derivedOf(
  session: Session,
  of: Stored & { readonly populated: boolean },
  reason: string | undefined,
  encoding: string,
): Promise<Derived> {
  const { schema, name, populated } = of;
  const told = { schema, name, columns: [...of.columns], populated };
  return reason === undefined
    ? { ...told, multiset: await readDerived(session, of, encoding) }
    : { ...told, multiset: null, reason };
}

interface MatviewRow {
  readonly oid: number;
  readonly schema: string;
  readonly name: string;
  readonly columns: string[];
  readonly populated: boolean;
  readonly foreign: boolean;
  readonly volatile: boolean;
}

/** One entry per materialised view. No digest where a refresh need not give the same rows again. */
export async function readMatviews(
  session: Session,
  scope: Scope,
  { encoding, present = session }: RowSource,
): Promise<Derived[]> {
  const rows = await session.query<MatviewRow>(matviewQuery, [schemasOf(scope)]);
  const derived: Derived[] = [];
  for (const row of rows) {
    const reason = reasonFor(row) ?? (await hazardOf(present, row));
    derived.push(await derivedOf(session, { ...row, kind: "m" }, reason, encoding));
    if (reason === undefined) await assertPlannedNoCode(present, row);
  }
  return derived;
}

/** The reason that stands in the fingerprint where a refresh would ask another server. */
export const readsForeign = "reads a foreign table";

function reasonFor(row: MatviewRow): string | undefined {
  if (!row.populated) return "not populated";
  if (row.foreign) return readsForeign;
  return row.volatile ? "calls a volatile function" : undefined;
}

interface Stored {
  readonly schema: string;
  readonly name: string;
  readonly columns: readonly string[];
  /** As pg_class has it. */
  readonly kind: string;
}

/**
 * Of a partitioned table (`kind` p) the rows of all its leaves, of anything else its own. For relations that
 * `planningHazards` does not name, or a session without rights.
 */
export async function readDerived(session: Session, of: Stored, encoding: string): Promise<Multiset> {
  const from = of.kind === "p" ? quoteName(of) : `only ${quoteName(of)}`;
  const columns = of.columns.map(quoteIdent).join(", ");
  const measure = new MultisetMeasure();
  const { bytes } = session.copyOut(
    `copy (select ${columns} from ${from}) to stdout (encoding ${quoteLiteral(encoding)})`,
  );
  for await (const part of bytes) measure.update(part);
  return measure.finish();
}

const generatedQuery = `
  with ${scopeTables}
  select r.oid, r.nspname::text as schema, r.relname::text as name, r.relkind::text as kind,
         array_agg(a.attname::text order by a.attnum) as columns,
         not (r.relpersistence = 'u' and pg_catalog.pg_is_in_recovery()) as readable
    from relation r join pg_catalog.pg_attribute a on a.attrelid = r.oid
   where r.relkind in ('r', 'p') and a.attgenerated = 's' and a.attnum > 0 and not a.attisdropped
   group by 1, 2, 3, 4, r.relpersistence
   order by r.nspname::text collate "C", r.relname::text collate "C"`;

/** What a view reaches is followed through views; functions of the system, which pg_depend does not record, are found in the parsed query. */
const matviewQuery = `
  with recursive ${scopeTables},
  reach as (
    select r.oid as matview, r.oid from relation r where r.relkind = 'm'
    union
    select reach.matview, d.refobjid from reach
      join pg_catalog.pg_rewrite w on w.ev_class = reach.oid
      join pg_catalog.pg_depend d on d.classid = 'pg_catalog.pg_rewrite'::regclass and d.objid = w.oid
       and d.refclassid = 'pg_catalog.pg_class'::regclass),
  called as (
    select reach.matview, f[1]::oid as oid from reach
      join pg_catalog.pg_rewrite w on w.ev_class = reach.oid
     cross join lateral regexp_matches(w.ev_action::text, ':(?:funcid|opfuncid|winfnoid|aggfnoid) ([0-9]+)', 'g') as f)
  select r.oid, r.nspname::text as schema, r.relname::text as name, r.relispopulated as populated,
         (select coalesce(array_agg(a.attname::text order by a.attnum), '{}') from pg_catalog.pg_attribute a
           where a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped) as columns,
         exists (select from reach join pg_catalog.pg_class c on c.oid = reach.oid
                  where reach.matview = r.oid and c.relkind = 'f') as foreign,
         exists (select from called join pg_catalog.pg_proc p on p.oid = called.oid
                  where called.matview = r.oid and p.provolatile = 'v') as volatile
    from relation r where r.relkind = 'm'
   order by r.nspname collate "C", r.relname collate "C"`;
