import type { Scope, SequenceState } from "../../model/fingerprint.ts";
import { quoteLiteral, quoteName } from "../quote.ts";
import type { Session } from "../session.ts";
import type { ExtensionRelation } from "./extensions.ts";
import { schemasOf, scopeTables } from "./scope.ts";

/** Sequences read by one statement; more would make the planner slow. */
const batchMax = 200;

/**
 * Where every sequence stands, by name: the tenant's own and those that `extensionRelations` marks as
 * configuration. A sequence is no part of a snapshot and two reads of it may differ, so each is read
 * once (trap 6); call it once per snapshot. Unlogged sequences cannot be read on a standby and are
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
  const states: SequenceState[] = [];
  for (let from = 0; from < all.length; from += batchMax) {
    states.push(...(await session.query<SequenceState>(statementFor(all.slice(from, from + batchMax)))));
  }
  return states;
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
