/**
 * How the catalogs are read, as digests of the very statements. Whoever alters one of them makes another digest
 * thereby, and what older backups hold is no longer compared with what they never were: a copy that is whole
 * must not be refuted because this program has learnt to read more.
 */
import { sha256 } from "../../base/digest.ts";
import type { Readings } from "../../model/fingerprint.ts";
import { archiveTextArgs } from "../archive/archive-text.ts";
import { wording } from "../session/settings.ts";
import { type CensusEntry, censusOf, censusStatement } from "./census.ts";
import type { CensusContext } from "./census-context.ts";
import { databaseQuery, databaseSettingsQuery } from "./database.ts";
import { definitionsStatement } from "./definitions.ts";
import { extensionsQuery } from "./extensions.ts";
import { rolesQuery } from "./roles.ts";

/** As this program reads a tenant of such a scope from such a server; the same for all its minor releases. */
export function readingsOf(context: CensusContext): Readings {
  const { versionNum } = context;
  return {
    // The digests that a census consists of are made here and not by the server.
    census: digestOf(wording, censusStatement(context), JSON.stringify(censusOf(sample))),
    definitions: digestOf(wording, definitionsStatement(context)),
    roles: digestOf(wording, rolesQuery),
    database: digestOf(wording, databaseQuery(versionNum), databaseSettingsQuery),
    extensions: digestOf(wording, extensionsQuery),
    archiveText: digestOf({}, ...archiveTextArgs),
  };
}

/** Of statements under these settings, however they are laid out in lines. */
export function digestOf(
  settings: Readonly<Record<string, string>>,
  ...statements: readonly string[]
): string {
  const names = Object.keys(settings).toSorted();
  const told = [names.map((name) => [name, settings[name]]), statements.map(withoutLayout)];
  return sha256(Buffer.from(JSON.stringify(told)));
}

/** White space within quotes is part of what is read. */
function withoutLayout(statement: string): string {
  return statement
    .replaceAll(/'(?:[^']|'')*'|"[^"]*"|\s+/g, (part) => (/^\s/.test(part) ? " " : part))
    .trim();
}

const sample: readonly CensusEntry[] = ["b", "a"].map((identity, oid) => ({
  kind: "sample",
  catalog: "pg_class",
  catalogOid: 1259,
  oid,
  identity,
  archived: true,
}));
