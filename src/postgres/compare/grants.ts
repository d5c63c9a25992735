import type { CheckResult, Finding } from "../../model/check.ts";
import type { DatabaseFingerprint, RoleFingerprint } from "../../model/fingerprint.ts";
import type { Beforehand } from "./beforehand.ts";
import { compareCensus } from "./census.ts";
import { compareReadings } from "./comparable.ts";
import type { DefinitionDifferences } from "./definitions.ts";
import type { Comparison } from "./restored.ts";

/**
 * Who owns what and who may do what: owners, privileges and default privileges of all objects, the
 * privileges on the database (trap 11), and that every role exists. Memberships and attributes are compared
 * on scratch only, where no role was there before. Rights over the server (superuser, login, replication,
 * predefined roles) are not given there, and so told by name and not compared.
 */
export function checkGrants(
  { fingerprint, restored }: Comparison,
  { census, database, roles, incomparable: why }: Beforehand,
  definitions: DefinitionDifferences,
): CheckResult {
  const none = { compared: 0, findings: [] };
  const { compared, findings } = census === null ? none : compareCensus("grants", fingerprint.census, census);
  const all: Finding[] = [
    ...findings,
    ...definitions.findings,
    ...(why.database === null ? databasePrivileges(fingerprint.database, database) : []),
  ];
  const here = new Map(roles.map((role) => [role.name, role]));
  const expected = why.roles === null ? fingerprint.roles : [];
  for (const role of expected) {
    const found = here.get(role.name);
    if (found === undefined) all.push({ subject: `role ${role.name}`, difference: "absent" });
    else if (restored.side === "scratch") all.push(...roleDifferences(role, found));
  }
  const count = compared + definitions.compared + expected.length + (why.database === null ? 1 : 0);
  const words = census === null ? "roles and privileges on the database" : "owners, privileges and roles";
  const told = [
    ...(count === 0 ? [] : [`${String(count)} ${words} are equal`]),
    withheld(fingerprint.roles),
    ...definitions.notes,
  ];
  const detail = told.filter((part) => part !== "").join("; ");
  return compareReadings("grants", count, all, {
    detail,
    restsOn: ["census", "definitions", "roles", "database"],
    incomparable: why,
  });
}

function databasePrivileges(expected: DatabaseFingerprint, found: DatabaseFingerprint): Finding[] {
  const wanted = aclOf(expected);
  const here = aclOf(found);
  const subject = "privileges on the database";
  return [
    ...wanted
      .filter((item) => !here.includes(item))
      .map((item) => ({ subject, difference: `${item} is absent` })),
    ...here
      .filter((item) => !wanted.includes(item))
      .map((item) => ({ subject, difference: `${item} was not in the source` })),
  ];
}

/** `null` stands for what PostgreSQL gives by default: CONNECT and TEMPORARY to all, everything to the owner. */
function aclOf({ acl, owner }: DatabaseFingerprint): readonly string[] {
  const name = /^[A-Za-z0-9_]+$/.test(owner) ? owner : `"${owner.replaceAll('"', '""')}"`;
  return acl ?? [`=Tc/${name}`, `${name}=CTc/${name}`];
}

const rights = [
  ["superuser", "SUPERUSER"],
  ["createRole", "CREATEROLE"],
  ["createDatabase", "CREATEDB"],
  ["login", "LOGIN"],
  ["replication", "REPLICATION"],
  ["bypassRowSecurity", "BYPASSRLS"],
] as const satisfies readonly (readonly [keyof RoleFingerprint["attributes"], string])[];

/** What a load by design gives to no role, so that it is not among what is equal. */
function withheld(roles: readonly RoleFingerprint[]): string {
  const told = roles.flatMap(({ name, attributes, memberOf }) => {
    const held = [
      ...rights.filter(([key]) => attributes[key]).map(([, word]) => word),
      ...memberOf.map(({ role }) => role).filter((role) => role.startsWith("pg_")),
    ];
    return held.length === 0 ? [] : [`${name} (${held.join(", ")})`];
  });
  return told.length === 0 ? "" : `rights over the server are not restored: ${told.join(", ")}`;
}

const attributesKept = ["inherit", "connectionLimit", "validUntil"] as const;

function roleDifferences(expected: RoleFingerprint, found: RoleFingerprint): Finding[] {
  const subject = `role ${expected.name}`;
  const spelt = (value: string | number | boolean | null): string =>
    value === null ? "none" : String(value);
  const pairs = [
    ...attributesKept.map((key) => [key, expected.attributes[key], found.attributes[key]] as const),
    ["comment", expected.comment, found.comment] as const,
  ];
  return [
    ...membershipDifferences(expected, found),
    ...pairs
      .filter(([, wanted, here]) => wanted !== here)
      .map(([key, wanted, here]) => ({
        subject,
        difference: `${key}: expected ${spelt(wanted)}, found ${spelt(here)}`,
      })),
  ];
}

function membershipDifferences(expected: RoleFingerprint, found: RoleFingerprint): Finding[] {
  const wanted = memberships(expected);
  const here = memberships(found);
  const subject = `role ${expected.name}`;
  return [
    ...wanted
      .filter((line) => !here.includes(line))
      .map((line) => ({ subject, difference: `is not ${line}` })),
    ...here
      .filter((line) => !wanted.includes(line))
      .map((line) => ({ subject, difference: `is ${line}, and was not` })),
  ];
}

function memberships(role: RoleFingerprint): string[] {
  return role.memberOf
    .filter(({ role: name }) => !name.startsWith("pg_"))
    .map(({ role: name, admin, inherit, set }) => {
      // Before 16 a membership has no options of its own.
      const options = [inherit === false ? "without inherit" : "", set === false ? "without set" : ""];
      return ["member of", name, admin ? "with admin option" : "", ...options]
        .filter((word) => word !== "")
        .join(" ");
    });
}
