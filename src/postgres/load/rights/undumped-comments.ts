import type { Definition } from "../../../model/fingerprint.ts";
import { commentInNoDump } from "../../readings/definitions.ts";
import { quoteIdent, quoteLiteral } from "../../session/quote.ts";
import type { LoadContext } from "../context.ts";
import { giveUndumped } from "../undumped.ts";

/**
 * Comments that pg_dump reads past: on the row types of tables and views, on arrays, on multiranges and on the rules that
 * views are. The fingerprint has their texts.
 */
export async function giveUndumpedComments(context: LoadContext): Promise<void> {
  await giveUndumped(context, commentInNoDump, (one) => {
    const on = commentedObject(one);
    return { subject: `COMMENT on ${on}`, statement: `comment on ${on} is ${quoteLiteral(one.text)}` };
  });
}

/** As COMMENT takes it; an array goes by its element, since its own name is the server's choice. */
function commentedObject({ schema, name, part }: Definition): string {
  const named = `${quoteIdent(schema)}.${quoteIdent(name)}`;
  if (part === "rule") return `rule "_RETURN" on ${named}`;
  return `type ${named}${part === "array" ? "[]" : ""}`;
}
