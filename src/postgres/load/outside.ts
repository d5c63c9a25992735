import type { Scope } from "../../model/fingerprint.ts";
import { identifier, nameOf } from "./statements/names-in-text.ts";

/** A relation, function, object or schema that is not there. */
const absent = new Set(["42P01", "42883", "42704", "3F000"]);
const placed = new RegExp(`(${identifier})\\.(?=${identifier}|[^\\s\\w])`);
const quoted = /"((?:[^"]|"")+)"/;

/**
 * Whether a tenant of schemas was refused for want of what lies in another schema, whose backup is not this one.
 * The server names it with its schema, since a load's `search_path` is empty; in whatever language.
 */
export function isForWantOfOthers(
  { sqlState, message }: { readonly sqlState: string | undefined; readonly message: string },
  scope: Scope,
): boolean {
  if (scope.kind !== "schemas" || sqlState === undefined || !absent.has(sqlState)) return false;
  const schema = sqlState === "3F000" ? quoted.exec(message)?.[1] : placed.exec(message)?.[1];
  return schema !== undefined && !scope.schemas.includes(sqlState === "3F000" ? schema : nameOf(schema));
}
