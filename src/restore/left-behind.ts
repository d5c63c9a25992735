/** What to do about what a restore left that did not come to its end. */
import { quoteIdent } from "../postgres/session/quote.ts";

interface Left {
  readonly database: string;
  readonly loader: string;
}

export function beginAgain({ database, loader }: Left): string {
  return `drop database ${quoteIdent(database)}, then role ${quoteIdent(loader)}, and restore again`;
}

/** Of a database that was loaded and not compared; without the login's mark it is one like any other. */
export function beginAgainOrKeep(left: Left): string {
  const role = quoteIdent(left.loader);
  return `${beginAgain(left)}; or keep it as it is, and drop role ${role}, or where that owns something: comment on role ${role} is null`;
}
