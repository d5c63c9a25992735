import { compareResult, notRun, type CheckName, type CheckResult, type Finding } from "../../model/check.ts";
import type { Fingerprint, Readings } from "../../model/fingerprint.ts";
import { readingsOf } from "../readings/reading-digests.ts";
import { majorOf } from "../server/programs.ts";

type Reading = keyof Readings;

/** For each reading why what the fingerprint has by it cannot be compared here; null where it can. */
export type Incomparable = Readonly<Record<Reading, string | null>>;

/**
 * Another major release has other catalogs, and what is counted in them, and how the server spells it, differs for a
 * database that is whole. The same is true of another release of Holdfast that reads them by other statements; that
 * of the backup is known by their digests (`readingsOf`), as they would be for the server it was read from. `versionNum` is the restored server's.
 */
export function incomparable(fingerprint: Fingerprint, versionNum: number): Incomparable {
  const { scope, server, readings } = fingerprint;
  const here = readingsOf({ scope, versionNum: server.versionNum });
  const unlike = (reading: Reading): string | null =>
    readings?.[reading] === here[reading] ? null : unlikeReading(reading);
  const majors = betweenMajors(majorOf(server.versionNum), majorOf(versionNum));
  return {
    census: majors ?? unlike("census"),
    definitions: majors ?? unlike("definitions"),
    roles: unlike("roles"),
    database: unlike("database"),
    extensions: unlike("extensions"),
    archiveText: unlike("archiveText"),
  };
}

function betweenMajors(there: number, here: number): string | null {
  if (there === here) return null;
  return `catalogs of PostgreSQL ${String(here)} cannot be compared with those of ${String(there)}`;
}

const words: Readonly<Record<Reading, string>> = {
  census: "the counts of the catalogs",
  definitions: "definitions",
  roles: "roles",
  database: "the properties of the database",
  extensions: "the versions of extensions",
  archiveText: "the words of the archive",
};

function unlikeReading(reading: Reading): string {
  return (
    `${words[reading]} cannot be compared, since another release of Holdfast read them when the backup was made; ` +
    "rows, sequences, large objects and the archive are"
  );
}

/**
 * As `compareResult`, where `reasons` tell why a part was not compared: what was compared may refute, but does not
 * stand for the whole, and the check is `not-run` without speaking against the copy.
 */
export function compareRest(
  name: CheckName,
  compared: number,
  findings: readonly Finding[],
  told: { readonly detail: string; readonly reasons: readonly (string | null)[] },
): CheckResult {
  const reasons = new Set(told.reasons.filter((reason) => reason !== null));
  if (findings.length > 0 || reasons.size === 0) return compareResult(name, compared, findings, told.detail);
  const detail = [told.detail, ...reasons].filter((part) => part !== "").join("; ");
  return { ...notRun(name, "irrelevant", detail), compared };
}
