import type { Definition } from "../../model/fingerprint.ts";
import type { LoadContext } from "./context.ts";
import { refusalOf } from "./report.ts";

/** `subject` as a problem names it; `unfit` says why nothing can be made of the definition. */
export type Undumped = { readonly subject: string } & (
  | { readonly statement: string }
  | { readonly unfit: string }
);

/**
 * A type, relation or schema that is not there was refused or withheld before, and is told by its own name; what is there
 * already some release of pg_dump does tell.
 */
const settledStates: ReadonlySet<string | undefined> = new Set(["42704", "42P01", "3F000", "42710"]);

/** By the administrator: what no dump tells and the fingerprint has as definitions of this kind. */
export async function giveUndumped(
  { admin, fingerprint, ledger, options }: LoadContext,
  kind: string,
  undumped: (one: Definition) => Undumped,
): Promise<void> {
  if (options.tables !== undefined) return;
  for (const one of fingerprint.definitions ?? []) {
    if (one.kind !== kind) continue;
    const { subject, ...given } = undumped(one);
    if ("unfit" in given) {
      ledger.problem(subject, { sqlState: undefined, message: given.unfit, kind: "data" });
      continue;
    }
    try {
      await admin.query(given.statement);
    } catch (error) {
      const { sqlState, message } = refusalOf(error);
      if (!settledStates.has(sqlState)) ledger.problem(subject, { sqlState, message, kind: "machine" });
    }
  }
}
