import { z } from "zod";
import type { Definition } from "../../../model/fingerprint.ts";
import { publishedInNoDump } from "../../readings/definitions.ts";
import { quoteIdent } from "../../session/quote.ts";
import type { LoadContext } from "../context.ts";
import { giveUndumped, type Undumped } from "../undumped.ts";

const columnNames = z.array(z.string()).min(1);

/**
 * Puts tables and schemas of extensions into the publications in which the source had them; no dump of most releases
 * tells. Each name is quoted here, whatever the fingerprint says.
 */
export async function publishMembers(context: LoadContext): Promise<void> {
  await giveUndumped(context, publishedInNoDump, (one): Undumped => {
    const subject = `PUBLICATION ${one.name} of ${one.schema}.${one.part}`;
    const published = publishedObject(one);
    if (published === null) return { subject, unfit: "its columns are no names" };
    return { subject, statement: `alter publication ${quoteIdent(one.name)} add ${published}` };
  });
}

/** As ALTER PUBLICATION takes it; null where what should be columns is something else. */
function publishedObject({ schema, part, text }: Definition): string | null {
  if (part === "") return `tables in schema ${quoteIdent(schema)}`;
  const table = `table ${quoteIdent(schema)}.${quoteIdent(part)}`;
  if (text === "") return table;
  const columns = columnNames.safeParse(parsed(text));
  return columns.success ? `${table} (${columns.data.map(quoteIdent).join(", ")})` : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
