/** One database of corner cases: how to make it, and what is to come of it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";

export interface CornerCase {
  /** Also the name of the database it is built in. */
  readonly name: string;
  /** What is in it, in a sentence. */
  readonly about: string;
  /** Options of CREATE DATABASE, as SQL. */
  readonly database: string;
  /** A script for psql, in UTF-8, to be run as superuser after `roles.sql`. */
  readonly sql: () => string;
  /** The extension of `extension/` has to be installed beside the server's own. */
  readonly ownExtension: boolean;
  /** Takes long or much room. */
  readonly heavy: boolean;
  /** The first major version of PostgreSQL that can hold it. */
  readonly since: number;
  readonly expected: Expected;
}

export interface Expected {
  /**
   * `proven`: backed up, proven and restored equal. `proven-where-isolated`: the dump holds foreign
   * servers or event triggers, and is inconclusive where a scratch server cannot be isolated.
   */
  readonly verdict: "proven" | "proven-where-isolated";
  /**
   * What becomes of it with stock `pg_dump -Fc -C` and `pg_restore -C`: the bar that we have to pass where it `fails`, and
   * where it `loses` something without a word.
   */
  readonly stock: "equal" | "fails" | "loses";
}

const folder = import.meta.dirname;

export function sqlOf(file: string): string {
  return readFileSync(join(folder, file), "utf8");
}

/** What a script asks by `\if :since_15`, so that older servers get the rest of it. */
const askedReleases = `select ${[14, 15, 16, 17, 18]
  .map(
    (major) => `current_setting('server_version_num')::int >= ${String(major)}0000 as since_${String(major)}`,
  )
  .join(", ")} \\gset\n`;

/** A case made by the file of its name. */
export function fromFile(
  name: string,
  about: string,
  change: Partial<Omit<CornerCase, "expected">> & { readonly expected?: Partial<Expected> } = {},
): CornerCase {
  const { expected, ...rest } = change;
  return {
    name,
    about,
    database: "template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'",
    sql: () => askedReleases + sqlOf(`${name}.sql`),
    ownExtension: false,
    heavy: false,
    since: 13,
    ...rest,
    expected: { verdict: "proven", stock: "equal", ...expected },
  };
}
