import { compareResult, type CheckResult, type Finding } from "../../model/check.ts";
import type { Census, DatabaseFingerprint, RoleFingerprint } from "../../model/fingerprint.ts";
import { compareCensus } from "./census.ts";
import type { Comparison } from "./restored.ts";

/**
 * Who owns what and who may do what: owners, privileges and default privileges of all objects, the
 * privileges on the database (trap 11), and that every role exists. Memberships are compared on scratch
 * only, where no role was there before; rights over the server (superuser, login, replication,
 * predefined roles) are not given there and so not compared.
 */
export function checkGrants(
  { fingerprint, restored }: Comparison,
  census: Census,
  database: DatabaseFingerprint,
  roles: readonly RoleFingerprint[],
): CheckResult {
  const { compared, findings } = compareCensus("grants", fingerprint.census, census);
  const all: Finding[] = [...findings, ...databasePrivileges(fingerprint.database, database)];
  const here = new Map(roles.map((role) => [role.name, role]));
  for (const role of fingerprint.roles) {
    const found = here.get(role.name);
    if (found === undefined) all.push({ subject: `role ${role.name}`, difference: "absent" });
    else if (restored.side === "scratch") all.push(...membershipDifferences(role, found));
  }
  const count = compared + fingerprint.roles.length + 1;
  return compareResult("grants", count, all, `${String(count)} owners, privileges and roles are equal`);
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
    .filter((one) => !one.role.startsWith("pg_"))
    .map((one) => `member of ${one.role}${one.admin ? " with admin option" : ""}`);
}
