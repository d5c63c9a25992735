import { randomBase32 } from "../../base/chance.ts";
import { disposing } from "../../base/disposing.ts";
import { reasonOf } from "../../base/failure.ts";
import { compareResult, notRun, type CheckResult, type Finding } from "../../model/check.ts";
import { sqlStateOf } from "../session/errors.ts";
import { quoteIdent, quoteLiteral } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import { openAsTenant, openPlain, type Comparison } from "./restored.ts";

interface Index {
  readonly oid: number;
  readonly identity: string;
}

/**
 * amcheck finds every row of the heap in every btree index. The extension is made for the check and
 * dropped after it. The indexes are read by the comparing login, since their expressions are the
 * tenant's code; and the tenant's event triggers are asleep while the administrator makes the extension, or
 * they would run as the administrator (trap 19).
 */
export async function checkIndexes(comparison: Comparison): Promise<CheckResult> {
  const { restored, reader, options, wait } = comparison;
  if (restored.side === "target")
    return notRun("indexes", "irrelevant", "amcheck is not brought to a real target");
  if (!options.indexes) return notRun("indexes", "irrelevant", "the plan does not ask for it this time");
  await using admin = await openPlain(restored, restored.admin, wait);
  const [available] = await admin.query(
    "select 1 from pg_catalog.pg_available_extensions where name = 'amcheck'",
  );
  if (available === undefined)
    return notRun("indexes", "machine", "the extension amcheck is not installed here");
  const tool = await bringAmcheck(admin, reader.user, `hf_${randomBase32(options.chance, 20)}`);
  return await disposing(tool, async ({ schema }) => {
    const indexes = await admin.query<Index>(indexQuery);
    return examineAll(comparison, schema, indexes);
  });
}

async function examineAll(
  { restored, reader, wait }: Comparison,
  schema: string,
  indexes: readonly Index[],
): Promise<CheckResult> {
  // With the database's own search_path, on which the functions of an index may rely.
  await using session = await openAsTenant(restored, reader, wait);
  const findings: Finding[] = [];
  const unread: Finding[] = [];
  for (const index of indexes) {
    const finding = await examine(session, schema, index);
    if (finding !== null) (isCorruption(finding) ? findings : unread).push(finding);
  }
  if (findings.length === 0 && unread.length > 0) {
    const told = notRun(
      "indexes",
      "machine",
      `amcheck could not read ${String(unread.length)} of ${String(indexes.length)} indexes`,
    );
    return { ...told, findings: unread };
  }
  if (indexes.length === 0) return notRun("indexes", "irrelevant", "there are no btree indexes");
  return compareResult(
    "indexes",
    indexes.length,
    findings,
    `${String(indexes.length)} btree indexes are whole`,
  );
}

const indexQuery = `
  select c.oid, format('%I.%I', n.nspname, c.relname) as identity
    from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
    join pg_catalog.pg_am a on a.oid = c.relam join pg_catalog.pg_namespace n on n.oid = c.relnamespace
   where a.amname = 'btree' and c.relkind = 'i' and i.indisvalid and i.indisready
     and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
   order by c.oid`;

async function examine(session: Session, schema: string, index: Index): Promise<Finding | null> {
  try {
    await session.query(
      `select ${quoteIdent(schema)}.bt_index_check(${String(index.oid)}::pg_catalog.regclass, true)`,
    );
    return null;
  } catch (error) {
    const sqlState = sqlStateOf(error);
    // Without an SQLSTATE the server did not answer, which is no matter of this index.
    if (sqlState === undefined || /^(08|53|57|58)/.test(sqlState)) throw error;
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    return { subject: `index ${index.identity}`, difference: reasonOf(cause), sqlState };
  }
}

/** Data corrupted, index corrupted. */
function isCorruption({ sqlState }: Finding): boolean {
  return sqlState === "XX001" || sqlState === "XX002";
}

interface EventTrigger {
  readonly name: string;
  readonly mode: string;
}

const waking: Readonly<Record<string, string>> = { O: "enable", R: "enable replica", A: "enable always" };

/** amcheck in a schema of its own, or where the tenant has it, usable by `login`; disposal puts everything back. */
async function bringAmcheck(
  admin: Session,
  login: string,
  ownSchema: string,
): Promise<AsyncDisposable & { readonly schema: string }> {
  const undo: string[] = [];
  const putBack = async (): Promise<void> => {
    for (const statement of undo.toReversed()) await admin.query(statement);
  };
  try {
    // Commands on event triggers themselves fire none.
    const awake = await admin.query<EventTrigger>(
      "select evtname::text as name, evtenabled::text as mode from pg_catalog.pg_event_trigger where evtenabled <> 'D'",
    );
    for (const { name, mode } of awake) {
      undo.push(`alter event trigger ${quoteIdent(name)} ${waking[mode] ?? "enable"}`);
      await admin.query(`alter event trigger ${quoteIdent(name)} disable`);
    }
    const [present] = await admin.query<{ schema: string }>(
      `select n.nspname::text as schema from pg_catalog.pg_extension e
         join pg_catalog.pg_namespace n on n.oid = e.extnamespace where e.extname = 'amcheck'`,
    );
    const schema = present?.schema ?? ownSchema;
    if (present === undefined) {
      undo.push(`drop schema if exists ${quoteIdent(ownSchema)} cascade`);
      await admin.query(`create schema ${quoteIdent(ownSchema)}`);
      await admin.query(`create extension amcheck schema ${quoteIdent(ownSchema)}`);
      await admin.query(`grant usage on schema ${quoteIdent(ownSchema)} to ${quoteIdent(login)}`);
    }
    await lend(admin, schema, login, undo);
    return { schema, [Symbol.asyncDispose]: putBack };
  } catch (error) {
    await putBack().catch(() => undefined);
    throw error;
  }
}

/** Execution of amcheck is for superusers until granted. */
async function lend(admin: Session, schema: string, login: string, undo: string[]): Promise<void> {
  const of = `function ${quoteIdent(schema)}.bt_index_check(pg_catalog.regclass, boolean)`;
  const [superuser] = await admin.query(
    `select 1 from pg_catalog.pg_roles where rolname = ${quoteLiteral(login)} and rolsuper`,
  );
  if (superuser !== undefined) return;
  undo.push(`revoke execute on ${of} from ${quoteIdent(login)}`);
  await admin.query(`grant execute on ${of} to ${quoteIdent(login)}`);
  const [reachable] = await admin.query<{ usage: boolean }>(
    `select pg_catalog.has_schema_privilege(${quoteLiteral(login)}, ${quoteLiteral(schema)}, 'usage') as usage`,
  );
  if (reachable?.usage === true) return;
  undo.push(`revoke usage on schema ${quoteIdent(schema)} from ${quoteIdent(login)}`);
  await admin.query(`grant usage on schema ${quoteIdent(schema)} to ${quoteIdent(login)}`);
}
