import type { TocEntry } from "../../archive/toc.ts";
import { bareSql } from "./bare-sql.ts";

/** What the database holds that decides whether creating something there runs a tenant's code. */
export interface CodeBehind {
  readonly standardStrings: boolean;
  /** Languages whose own functions are all C, and whether only a superuser may use them. */
  readonly languages: ReadonlyMap<string, { readonly mighty: boolean }>;
  /** Settings that only a superuser may give a function. */
  readonly mightySettings: ReadonlySet<string>;
  /** Whether every foreign-data wrapper's functions are C; a validator is called with whatever options come. */
  readonly wrappersInC: boolean;
  /** As pg_dump names them. Whoever inherits from one has to own it. */
  readonly extensionTables: ReadonlySet<string>;
  /** Of extensions that have functions which run as their owner: nothing of a tenant's is made in these. */
  readonly keptSchemas: ReadonlySet<string>;
}

/**
 * Whether the administrator may create an entry of a kind that needs more rights than the loader has. It is
 * decided by the text alone, before anybody runs it, since whatever the server says of it may have been said
 * by the tenant's code. PostgreSQL evaluates the literals of a tenant's own types, whose CHECKs then run; so what names
 * such a type beside a default, a check or a bound is kept from it.
 */
export function adminMay(entry: Pick<TocEntry, "desc" | "defn">, behind: CodeBehind): boolean {
  const bare = bareSql(entry.defn, behind.standardStrings);
  if (bare === null) return false;
  switch (entry.desc) {
    case "FUNCTION":
    case "PROCEDURE": {
      const [, name = ""] = /^ {4}LANGUAGE (\w+)/m.exec(bare) ?? [];
      const [made = "", ...more] = statementsOf(bare);
      if (behind.languages.get(name)?.mighty !== true || !more.every((one) => leaning.test(one)))
        return false;
      const isEvaluated = /\bDEFAULT\b/i.test(made) || /\bRETURN\b/.test(made);
      return !isEvaluated || dots(made) <= 1;
    }
    case "AGGREGATE":
      return /\bM?STYPE = internal\b/i.test(bare) && !/initcond/i.test(bare) && isOne(bare);
    case "TYPE":
      // A range type or a composite needs no superuser; a shell that was never completed is nothing but its name.
      return /^CREATE TYPE (?:\S+;|[^\n]* \(\n\s+INTERNALLENGTH = )/.test(bare.trimStart()) && isOne(bare);
    case "FOREIGN TABLE":
      // Its parents are the loader's if they are anybody's of the archive, and so it can make what is below them.
      return (
        behind.wrappersInC &&
        !/\b(DEFAULT|CHECK|GENERATED|PARTITION|FOR VALUES|INHERITS)\b/i.test(bare) &&
        statementsOf(bare)
          .slice(1)
          .every((one) => columnOfForeignTable.test(one))
      );
    case "SERVER":
    case "USER MAPPING":
      return behind.wrappersInC && isOne(bare);
    case "PUBLICATION TABLE":
      // A row filter is read as an expression when it is given.
      return isOne(bare) && !/\bWHERE\b[\s\S]*\./i.test(bare);
    default:
      return false;
  }
}

/**
 * What pg_dump says of a foreign table's columns behind it. Anything more would reach tables below it, which may hold rows:
 * another type for a column rewrites them by the tenant's casts and CHECKs. A source of 12 leaves FOREIGN out.
 */
const columnOfForeignTable =
  /^ALTER (?:(?:FOREIGN )?TABLE ONLY [\w"]+\.[\w"]+ ALTER COLUMN [\w"]+ SET (?:STATISTICS -?0|STORAGE \w+|COMPRESSION \w+|NOT NULL|\([^()]*\))|FOREIGN TABLE (?:ONLY )?[\w"]+\.[\w"]+ ALTER COLUMN [\w"]+ OPTIONS \([^()]*\))$/;

/** That it goes with an extension, which pg_dump says behind it. */
const leaning = /^ALTER (?:FUNCTION|PROCEDURE) [^;]* DEPENDS ON EXTENSION [\w"]+$/;

function statementsOf(bare: string): readonly string[] {
  return bare
    .split(";")
    .map((one) => one.trim())
    .filter((one) => one !== "");
}

/** A body of SQL would be more statements than one. */
function isOne(bare: string): boolean {
  return bare.indexOf(";") === bare.trimEnd().length - 1;
}

function dots(bare: string): number {
  return bare.split(".").length - 1;
}
