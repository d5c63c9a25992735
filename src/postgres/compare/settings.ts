import type { CheckResult, Finding } from "../../model/check.ts";
import type { DatabaseFingerprint, RoleFingerprint } from "../../model/fingerprint.ts";
import type { Beforehand } from "./beforehand.ts";
import { compareReadings } from "./comparable.ts";
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
  { database: found, roles, incomparable: why }: Pick<Beforehand, "database" | "roles" | "incomparable">,
): CheckResult {
  const expected = fingerprint.database;
  const compares = why.database === null ? properties : [];
  const comparesRoles = why.roles === null && restored.side === "scratch";
  const findings: Finding[] = compares
    .filter((key) => expected[key] !== found[key])
    .map((key) => ({
      subject: `database ${key}`,
      difference: `expected ${spelt(expected[key])}, found ${spelt(found[key])}`,
    }));
  const wanted = [
    ...(why.database === null ? expected.settings.map(lineOf) : []),
    ...(comparesRoles ? roleLines(fingerprint.roles) : []),
  ];
  const names = new Set(fingerprint.roles.map(({ name }) => name));
  const ofRoles = comparesRoles ? roleLines(roles.filter(({ name }) => names.has(name))) : [];
  const here = [...(why.database === null ? found.settings.map(lineOf) : []), ...ofRoles];
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
  const compared = compares.length + wanted.length;
  const version = expected.actualCollationVersion ?? expected.collationVersion;
  const now = found.actualCollationVersion ?? found.collationVersion;
  const note =
    version === now ? "" : `; the collation version is ${spelt(now)}, in the source ${spelt(version)}`;
  return compareReadings("settings", compared, findings, {
    detail: compared === 0 ? "" : `${String(compared)} properties and settings are equal${note}`,
    restsOn: ["database", "roles"],
    incomparable: why,
  });
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
