import { compareResult, type CheckResult, type Finding } from "../../model/check.ts";
import type { DatabaseFingerprint, RoleFingerprint } from "../../model/fingerprint.ts";
import type { Comparison } from "./restored.ts";

/** What of a database must be as it was; its name may differ, and versions of libraries are not the backup's. */
const properties = [
  "owner",
  "encoding",
  "collate",
  "ctype",
  "localeProvider",
  "locale",
  "icuRules",
  "connectionLimit",
  "allowConnections",
  "isTemplate",
  "comment",
] as const satisfies readonly (keyof DatabaseFingerprint)[];

/**
 * The properties of the database and its settings, also those for a role in it; on scratch, where
 * every role is of our making, those of the roles as well.
 */
export function checkSettings(
  { fingerprint, restored }: Comparison,
  found: DatabaseFingerprint,
  roles: readonly RoleFingerprint[],
): CheckResult {
  const expected = fingerprint.database;
  const findings: Finding[] = properties
    .filter((key) => expected[key] !== found[key])
    .map((key) => ({
      subject: `database ${key}`,
      difference: `expected ${spelt(expected[key])}, found ${spelt(found[key])}`,
    }));
  const wanted = [
    ...expected.settings.map(lineOf),
    ...(restored.side === "scratch" ? roleLines(fingerprint.roles) : []),
  ];
  const names = new Set(fingerprint.roles.map(({ name }) => name));
  const ofRoles = restored.side === "scratch" ? roleLines(roles.filter(({ name }) => names.has(name))) : [];
  const here = [...found.settings.map(lineOf), ...ofRoles];
  findings.push(
    ...wanted
      .filter((line) => !here.includes(line))
      .map((line) => ({ subject: `setting ${line}`, difference: "absent" })),
  );
  findings.push(
    ...here
      .filter((line) => !wanted.includes(line))
      .map((line) => ({ subject: `setting ${line}`, difference: "was not in the source" })),
  );
  const compared = properties.length + wanted.length;
  const version = expected.actualCollationVersion ?? expected.collationVersion;
  const now = found.actualCollationVersion ?? found.collationVersion;
  const note =
    version === now ? "" : `; the collation version is ${spelt(now)}, in the source ${spelt(version)}`;
  return compareResult(
    "settings",
    compared,
    findings,
    `${String(compared)} properties and settings are equal${note}`,
  );
}

function lineOf({
  role,
  name,
  value,
}: {
  readonly role: string | null;
  readonly name: string;
  readonly value: string;
}): string {
  return `${name} = ${value}${role === null ? "" : ` for ${role}`} in the database`;
}

function roleLines(roles: readonly RoleFingerprint[]): string[] {
  return roles.flatMap((role) =>
    role.settings.map(({ name, value }) => `${name} = ${value} for ${role.name}`),
  );
}

function spelt(value: string | number | boolean | null): string {
  return value === null ? "none" : JSON.stringify(value);
}
