import { Failure } from "../../base/failure.ts";
import type { Scope, SequenceState } from "../../model/fingerprint.ts";
import { sqlStateOf } from "../session/errors.ts";
import { quoteLiteral, quoteName } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import type { ExtensionRelation } from "./extensions.ts";
import { schemasOf, scopeTables } from "./scope.ts";

/** Sequences read by one statement; more would make the planner slow. */
const batchMax = 200;

/**
 * Where every sequence stands, by name: the tenant's own and those that `extensionRelations` marks as
 * configuration. A sequence is no part of a snapshot and two reads of it may differ, so each is read
 * once (trap 6); call it once per snapshot, in its transaction. A name that does not mean the sequence that was
 * listed under it, before or after it was read, is a failure: the value would be another's. Unlogged sequences cannot be read on a standby and are
 * left out there, see `readOmitted`.
 */
export async function readSequences(
  session: Session,
  scope: Scope,
  extensionRelations: readonly ExtensionRelation[],
): Promise<SequenceState[]> {
  const own = await session.query<{ schema: string; name: string }>(
    `with ${scopeTables}
     select nspname::text as schema, relname::text as name from relation
      where relkind = 'S' and not (relpersistence = 'u' and pg_catalog.pg_is_in_recovery())
      order by nspname collate "C", relname collate "C"`,
    [schemasOf(scope)],
  );
  const marked = extensionRelations.filter(({ kind, configuration }) => kind === "sequence" && configuration);
  const all = [...own, ...marked.map(({ schema, name }) => ({ schema, name }))];
  const oids = await oidsOf(session, all);
  const states: SequenceState[] = [];
  for (let from = 0; from < all.length; from += batchMax) {
    const batch = all.slice(from, from + batchMax);
    // To understand the statement locks what it reads, and only then is it sure that those are the sequences.
    await prepare(session, batch);
    await assertSequences(session, oids.slice(from, from + batchMax));
    states.push(...(await session.query<SequenceState>("execute holdfast_sequences")));
    await session.query("deallocate holdfast_sequences");
  }
  await assertSequences(session, oids);
  return states;
}

/** No such table, schema or column: somebody took the sequence away, or put something else in its place. */
const vanished = new Set(["42P01", "3F000", "42703"]);

async function prepare(
  session: Session,
  batch: readonly { readonly schema: string; readonly name: string }[],
): Promise<void> {
  try {
    await session.query(`prepare holdfast_sequences as ${statementFor(batch)}`);
  } catch (cause) {
    if (!vanished.has(sqlStateOf(cause) ?? "")) throw cause;
    throw changed(session, "a sequence", cause);
  }
}

interface Known {
  readonly name: string;
  readonly oid: number;
}

/** By the snapshot of the transaction, so that a sequence made since is none of them. */
async function oidsOf(
  session: Session,
  sequences: readonly { readonly schema: string; readonly name: string }[],
): Promise<readonly Known[]> {
  return session.query<Known>(
    `select pg_catalog.format('%I.%I', t.schema, t.name) as name, coalesce(c.oid, 0) as oid
       from unnest($1::text[], $2::text[]) with ordinality as t(schema, name, place)
       left join pg_catalog.pg_namespace n on n.nspname = t.schema
       left join pg_catalog.pg_class c on c.relnamespace = n.oid and c.relname = t.name and c.relkind = 'S'
      order by t.place`,
    [sequences.map(({ schema }) => schema), sequences.map(({ name }) => name)],
  );
}

async function assertSequences(session: Session, sequences: readonly Known[]): Promise<void> {
  const [moved] = await session.query<{ name: string }>(
    `select t.name from unnest($1::text[], $2::oid[]) as t(name, oid)
      where pg_catalog.to_regclass(t.name) is distinct from t.oid limit 1`,
    [sequences.map(({ name }) => name), sequences.map(({ oid }) => oid)],
  );
  if (moved !== undefined) throw changed(session, moved.name);
}

function changed(session: Session, name: string, cause?: unknown): Failure {
  const code = session.side === "source" ? "source/changed" : "load/failed";
  return new Failure(
    code,
    `${name} is no longer the sequence that it was`,
    cause === undefined ? {} : { cause },
  );
}

function statementFor(batch: readonly { readonly schema: string; readonly name: string }[]): string {
  return batch
    .map(
      (one) =>
        `select ${quoteLiteral(one.schema)} as schema, ${quoteLiteral(one.name)} as name,` +
        ` last_value::text as "lastValue", is_called as "isCalled" from ${quoteName(one)}`,
    )
    .join("\nunion all ");
}
