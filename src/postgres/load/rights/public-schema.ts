import { schemaPublic } from "../../readings/definitions.ts";
import { quoteIdent, quoteLiteral } from "../../session/quote.ts";
import type { LoadContext } from "../context.ts";
import { ownerOfPublic, ownerOrHeir, type Heirs } from "./heirs.ts";
import { refusalOf, type Refusal } from "../report.ts";

/**
 * Owner and comment of the schema public where a source before 15 had others than every new database: its pg_dump takes
 * that schema for the server's own and tells neither. Before privileges are granted, which are the owner's to give.
 */
export async function dressPublicSchema(context: LoadContext, heirs: Heirs): Promise<void> {
  if (context.options.tables !== undefined) return;
  const owner = ownerOfPublic(context.fingerprint);
  const { definitions = [] } = context.fingerprint;
  const comment = definitions.find(({ kind, part }) => kind === schemaPublic && part === "comment")?.text;
  const statements: string[] = [];
  if (owner !== undefined) {
    const reason = heirs.blocked.get(owner);
    if (reason !== undefined)
      problem(context, { sqlState: undefined, message: `${reason}; it goes to ${heirs.heir}` });
    statements.push(`alter schema public owner to ${quoteIdent(ownerOrHeir(heirs, owner))}`);
  }
  if (comment !== undefined)
    statements.push(`comment on schema public is ${comment === "" ? "null" : quoteLiteral(comment)}`);
  for (const statement of statements) {
    try {
      await context.admin.query(statement);
    } catch (error) {
      problem(context, refusalOf(error));
    }
  }
}

function problem(
  { ledger }: LoadContext,
  { sqlState, message }: Pick<Refusal, "sqlState" | "message">,
): void {
  ledger.problem("SCHEMA public", { sqlState, message, kind: "machine" });
}
