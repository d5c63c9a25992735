/** The plain text of `pg_dump --schema-only`, cut into objects and freed of what may differ between equals. */
import { program, type Place } from "./independent-psql.ts";
import type { Schemas } from "./independent-catalog.ts";

/** By the heading that pg_dump gives each object: its lines, in an order of our own. */
export async function dumpedObjects(
  place: Place,
  schemas: Schemas,
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { wanted, ignored } = schemas;
  const only = (wanted ?? []).flatMap((schema) => ["-n", pattern(schema)]);
  const not = ignored.flatMap((schema) => ["-N", pattern(schema)]);
  const text = await dump(place, ["--schema-only", "--encoding=UTF8", ...only, ...not]);
  const objects = new Map<string, string[]>();
  for (const block of text.split(/\n--\n-- (?=Name: )/).slice(1)) {
    const end = block.indexOf("\n--\n");
    const heading = block.slice(0, end);
    const body = block
      .slice(end + 4)
      .split("\n")
      .map(plainLine)
      .filter((line) => line !== "");
    objects.set(heading, [...(objects.get(heading) ?? []), ...body]);
  }
  for (const lines of objects.values()) lines.sort();
  return objects;
}

/** The text, or nothing where none of the schemas exists: the catalogs tell of that. */
async function dump(place: Place, args: readonly string[]): Promise<string> {
  try {
    return await program(place, "pg_dump", args, "");
  } catch (error) {
    if (error instanceof Error && error.message.includes("no matching schemas")) return "";
    throw error;
  }
}

function pattern(schema: string): string {
  return `"${schema.replaceAll('"', '""')}"`;
}

/**
 * PostgreSQL spells some expressions anew when it reads them back: casts move and parentheses come and
 * go. Both are left out here; the rows, and the catalogs, tell of what they would have changed. Columns
 * of an inheriting table may change places, hence no commas at the ends of lines and no order of lines.
 * The roles of a policy stand in the order of their oids, which is another on every server.
 */
function plainLine(line: string): string {
  if (
    /^(?:SET default_t|SELECT pg_catalog\.set_config|\\(?:un)?restrict |-- PostgreSQL database dump|--$)/.test(
      line,
    )
  )
    return "";
  return line
    .replaceAll(
      /::(?:character varying|double precision|(?:timestamp|time) with(?:out)? time zone|[\w."]+)(?:\(\d+(?:,\d+)?\))?(?:\[\])*/g,
      "",
    )
    .replaceAll(/[()]/g, "")
    .replace(/,$/, "")
    .replace(
      /^(CREATE POLICY .*? TO )(.*?)( USING | WITH CHECK |;)/,
      (_, before: string, roles: string, after: string) => {
        return before + roles.split(", ").sort().join(", ") + after;
      },
    )
    .trim();
}
