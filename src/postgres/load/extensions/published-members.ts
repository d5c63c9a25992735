import { z } from "zod";
import type { Definition } from "../../../model/fingerprint.ts";
import { publishedInNoDump } from "../../readings/definitions.ts";
import { quoteIdent } from "../../session/quote.ts";
import type { LoadContext } from "../context.ts";
import { goneStates } from "../gone-states.ts";
import { refusalOf } from "../report.ts";

const columnNames = z.array(z.string());

/** Some releases of pg_dump do tell, and then it is there. */
const isMember = "42710";

/** Puts tables and schemas of extensions into the publications in which the source had them; no dump of most releases tells. */
export async function publishMembers({ admin, fingerprint, ledger, options }: LoadContext): Promise<void> {
  if (options.tables !== undefined) return;
  for (const one of fingerprint.definitions ?? []) {
    if (one.kind !== publishedInNoDump) continue;
    const published = publishedObject(one);
    try {
      await admin.query(`alter publication ${quoteIdent(one.name)} add ${published}`);
    } catch (error) {
      const { sqlState, message } = refusalOf(error);
      if (sqlState !== isMember && !goneStates.has(sqlState))
        ledger.problem(`PUBLICATION ${one.name} of ${published}`, { sqlState, message, kind: "machine" });
    }
  }
}

function publishedObject({ schema, part, text }: Definition): string {
  if (part === "") return `tables in schema ${quoteIdent(schema)}`;
  const columns = text === "" ? [] : columnNames.parse(JSON.parse(text));
  const listed = columns.length === 0 ? "" : ` (${columns.map(quoteIdent).join(", ")})`;
  return `table ${quoteIdent(schema)}.${quoteIdent(part)}${listed}`;
}
