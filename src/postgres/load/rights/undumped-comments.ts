import type { Definition } from "../../../model/fingerprint.ts";
import { commentInNoDump } from "../../readings/definitions.ts";
import { quoteIdent, quoteLiteral } from "../../session/quote.ts";
import type { LoadContext } from "../context.ts";
import { goneStates, refusalOf } from "../report.ts";

/**
 * Comments that pg_dump reads past: on the row types of tables and views, on arrays, on multiranges and on the rules that
 * views are. The fingerprint has their texts.
 */
export async function giveUndumpedComments({
  admin,
  fingerprint,
  ledger,
  options,
}: LoadContext): Promise<void> {
  if (options.tables !== undefined) return;
  for (const one of fingerprint.definitions ?? []) {
    if (one.kind !== commentInNoDump) continue;
    const on = commentedObject(one);
    try {
      await admin.query(`comment on ${on} is ${quoteLiteral(one.text)}`);
    } catch (error) {
      const { sqlState, message } = refusalOf(error);
      if (!goneStates.has(sqlState))
        ledger.problem(`COMMENT on ${on}`, { sqlState, message, kind: "machine" });
    }
  }
}

/** As COMMENT takes it; an array goes by its element, since its own name is the server's choice. */
function commentedObject({ schema, name, part }: Definition): string {
  const named = `${quoteIdent(schema)}.${quoteIdent(name)}`;
  if (part === "rule") return `rule "_RETURN" on ${named}`;
  return `type ${named}${part === "array" ? "[]" : ""}`;
}
