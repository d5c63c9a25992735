import { z } from "zod";
import type { Definition } from "../../../model/fingerprint.ts";
import { publishedInNoDump } from "../../readings/definitions.ts";
import { quoteIdent } from "../../session/quote.ts";
import type { LoadContext } from "../context.ts";
import { goneStates, refusalOf } from "../report.ts";

const columnNames = z.array(z.string()).min(1);

/** Some releases of pg_dump do tell, and then it is there. */
const isMember = "42710";

/**
 * Puts tables and schemas of extensions into the publications in which the source had them; no dump of most releases
 * tells. Each name is quoted here, whatever the fingerprint says.
 */
export async function publishMembers({ admin, fingerprint, ledger, options }: LoadContext): Promise<void> {
  if (options.tables !== undefined) return;
  for (const one of fingerprint.definitions ?? []) {
    if (one.kind !== publishedInNoDump) continue;
    const published = publishedObject(one);
    const subject = `PUBLICATION ${one.name} of ${one.schema}.${one.part}`;
    if (published === null) {
      ledger.problem(subject, { sqlState: undefined, message: "its columns are no names", kind: "data" });
      continue;
    }
    try {
      await admin.query(`alter publication ${quoteIdent(one.name)} add ${published}`);
    } catch (error) {
      const { sqlState, message } = refusalOf(error);
      if (sqlState !== isMember && !goneStates.has(sqlState))
        ledger.problem(subject, { sqlState, message, kind: "machine" });
    }
  }
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
