import { compareResult, notRun, type CheckName, type CheckResult, type Finding } from "../../model/check.ts";
import type { Fingerprint, Readings } from "../../model/fingerprint.ts";
import { readingsOf } from "../readings/reading-digests.ts";
import { majorOf } from "../server/programs.ts";

type Reading = keyof Readings;

type Why = { readonly kind: "majors"; readonly reason: string } | { readonly kind: "reading" };

/** For each reading why what the fingerprint has by it cannot be compared here; null where it can. */
export type Incomparable = Readonly<Record<Reading, Why | null>>;

/**
 * Another major release has other catalogs, and what is counted in them, and how the server spells it, differs for a
 * database that is whole. The same is true of another release of Holdfast that reads them by other statements; that
 * of the backup is known by their digests (`readingsOf`), as they would be for the server it was read from. `versionNum` is the restored server's.
 */
export function incomparable(fingerprint: Fingerprint, versionNum: number): Incomparable {
  const { scope, server, readings } = fingerprint;
  const here = readingsOf({ scope, versionNum: server.versionNum });
  const unlike = (reading: Reading): Why | null =>
    readings?.[reading] === here[reading] ? null : { kind: "reading" };
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

function betweenMajors(there: number, here: number): Why | null {
  if (there === here) return null;
  const reason = `catalogs of PostgreSQL ${String(here)} cannot be compared with those of ${String(there)}`;
  return { kind: "majors", reason };
}

const words: Readonly<Record<Reading, string>> = {
  census: "counts of the catalogs",
  definitions: "definitions",
  roles: "roles",
  database: "properties of the database",
  extensions: "versions of extensions",
  archiveText: "words of the archive",
};

/**
 * As `compareResult`, for a check that rests on these readings: where one of them cannot be compared, what was
 * compared may refute but does not stand for the whole, and the check is `not-run` without speaking against the copy.
 */
export function compareReadings(
  name: CheckName,
  compared: number,
  findings: readonly Finding[],
  told: {
    /** Empty where nothing was compared. */
    readonly detail: string;
    readonly restsOn: readonly Reading[];
    readonly incomparable: Incomparable;
  },
): CheckResult {
  const { detail, restsOn, incomparable: why } = told;
  const reasons = restsOn.flatMap((reading) => {
    const because = why[reading];
    return because?.kind === "majors" ? [because.reason] : [];
  });
  const unlike = restsOn.filter((reading) => why[reading]?.kind === "reading");
  if (unlike.length > 0) reasons.push(readByAnother(unlike));
  if (findings.length > 0 || reasons.length === 0) return compareResult(name, compared, findings, detail);
  const parts = [detail, ...new Set(reasons)].filter((part) => part !== "");
  return { ...notRun(name, "irrelevant", parts.join("; ")), compared };
}

function readByAnother(unlike: readonly Reading[]): string {
  const what = unlike.map((reading) => words[reading]).join(", ");
  return (
    `another release of Holdfast read the backup, so its ${what} are not compared; ` +
    "rows, sequences, large objects and the archive are"
  );
}
