import type { TableFingerprint } from "../../../model/fingerprint.ts";
import { quoteIdent, quoteLiteral, quoteName } from "../../session/quote.ts";
import type { Session } from "../../session/session.ts";
import { tell, type LoadContext } from "../context.ts";
import { refusalOf, type Refusal } from "../report.ts";

interface TableCopy {
  readonly table: TableFingerprint;
  readonly into: { readonly schema: string; readonly name: string };
  readonly begin: string;
  /** What follows the rows. */
  readonly end?: string;
  readonly frozen: boolean;
}

/** All or nothing, in the transaction that `begin` begins; `null` when the rows are in. */
export async function copyTable(
  context: LoadContext,
  session: Session,
  { table, into, begin, end = "", frozen }: TableCopy,
): Promise<Refusal | null> {
  const columns = table.columns.length === 0 ? "" : ` (${table.columns.map(quoteIdent).join(", ")})`;
  const encoding = quoteLiteral(context.fingerprint.database.encoding);
  const bytesBefore = { taken: 0 };
  try {
    await session.query(begin);
    const source = counted(context, table, bytesBefore);
    const rows = await session.copyIn(
      `copy ${quoteName(into)}${columns} from stdin (encoding ${encoding}${frozen ? ", freeze" : ""})`,
      source,
    );
    await session.query(`${end}commit`);
    context.ledger.rows += rows;
    return null;
  } catch (error) {
    const refusal = refusalOf(error);
    await session.query("rollback");
    context.ledger.bytes -= bytesBefore.taken;
    return refusal;
  }
}

/** The table's COPY text, counted as it passes. */
async function* counted(
  context: LoadContext,
  table: TableFingerprint,
  count: { taken: number },
): AsyncGenerator<Uint8Array> {
  for (const { stream, offset, bytes } of table.slices) {
    if (bytes === 0) continue;
    for await (const part of context.image.read(stream, { from: offset, to: offset + bytes }, context.wait)) {
      yield part;
      count.taken += part.length;
      context.ledger.bytes += part.length;
      tell(context, "rows");
    }
  }
}

/** The rows of this table are not in. */
export function tellRefused(
  { ledger }: LoadContext,
  { schema, name }: TableFingerprint,
  refusal: Refusal,
): void {
  ledger.problem(`TABLE DATA ${schema}.${name}`, refusal);
}
