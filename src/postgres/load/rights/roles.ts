import type { Fingerprint, RoleFingerprint } from "../../../model/fingerprint.ts";
import { quoteIdent, quoteLiteral } from "../../session/quote.ts";
import type { Session } from "../../session/session.ts";
import type { TocEntry } from "../../archive/toc.ts";
import type { LoadContext } from "../context.ts";
import { givenSettings } from "./given-settings.ts";
import { refusalOf, type Ledger } from "../report.ts";
import { scramVerifier } from "./scram.ts";
import { settingClause } from "../settings.ts";

/** Roles of the server itself, which exist everywhere and are never made. */
export function isPredefined(role: string): boolean {
  return role.startsWith("pg_");
}

/** Every role that a load needs: those of the fingerprint and all owners. */
export function neededRoles(fingerprint: Fingerprint, entries: readonly TocEntry[]): string[] {
  const owners = entries.map(({ owner }) => owner).filter((owner) => owner !== "");
  const names = new Set([
    fingerprint.database.owner,
    ...fingerprint.roles.map(({ name }) => name),
    ...owners,
  ]);
  return [...names].filter((name) => !isPredefined(name));
}

/**
 * Makes the roles that are missing, without login or any right, and returns their names. Existing ones
 * are left as they are. Attributes and memberships come last, by `dressRoles`, since no tenant code may
 * run while a role it can reach has rights.
 */
export async function makePlaceholders(
  admin: Session,
  names: readonly string[],
  ledger: Ledger,
): Promise<string[]> {
  const found = await admin.query<{ name: string }>(
    "select rolname::text as name from pg_catalog.pg_roles where rolname::text = any ($1)",
    [names],
  );
  const existing = new Set(found.map(({ name }) => name));
  const made: string[] = [];
  for (const name of names.filter((one) => !existing.has(one))) {
    try {
      await admin.query(
        `create role ${quoteIdent(name)} nologin nosuperuser nocreaterole nocreatedb noreplication nobypassrls`,
      );
      made.push(name);
    } catch (error) {
      ledger.problem(`ROLE ${name}`, { ...refusalOf(error), kind: "machine" });
    }
  }
  ledger.placeholders.push(...made);
  return made;
}

interface LoaderLogin {
  readonly name: string;
  readonly password: string;
  readonly salt: Buffer;
  /** Roles it becomes a member of; none of them may hold any right that matters. */
  readonly memberOf: readonly string[];
  /** For its temporary files, where the server is ours to limit; null elsewhere. */
  readonly temporaryBytes: number | null;
}

/** The temporary login as which everything runs that may run tenant code (trap 19). */
export async function makeLoader(admin: Session, login: LoaderLogin): Promise<void> {
  const password = `password ${quoteLiteral(scramVerifier(login.password, login.salt))}`;
  const attributes = "login nosuperuser nocreaterole nocreatedb noreplication";
  const name = quoteIdent(login.name);
  // Its sessions are opened at once; should we be killed, nobody can open another after this hour.
  const [soon] = await admin.query<{ at: string }>(
    "select (pg_catalog.clock_timestamp() + interval '1 hour')::text as at",
  );
  const until = `valid until ${quoteLiteral(soon?.at ?? "-infinity")}`;
  try {
    // Row security must not hide rows from the load; a managed server may refuse to grant this.
    await admin.query(`create role ${name} ${attributes} bypassrls ${password} ${until}`);
  } catch (error) {
    refusalOf(error);
    await admin.query(`create role ${name} ${attributes} ${password} ${until}`);
  }
  if (login.temporaryBytes !== null) {
    const limit = String(Math.ceil(login.temporaryBytes / 1024));
    await admin.query(`alter role ${name} set temp_file_limit = ${limit}`);
  }
  for (const role of login.memberOf) await admin.query(`grant ${quoteIdent(role)} to ${name}`);
}

/** An administrator that is no superuser must be a member of a role to give it anything. */
export async function joinRoles(admin: Session, names: readonly string[], ledger: Ledger): Promise<void> {
  const options = admin.versionNum >= 160_000 ? " with inherit true, set true" : "";
  for (const name of names) {
    try {
      await admin.query(`grant ${quoteIdent(name)} to current_user${options}`);
    } catch (error) {
      ledger.problem(`ROLE ${name}`, { ...refusalOf(error), kind: "machine" });
    }
  }
}

/**
 * Gives the roles we made what they had at the source: inheritance, limits, settings, comments and
 * memberships among each other. Rights over the whole server are not given but noted, since they
 * reach beyond the tenant; neither is LOGIN, as nobody has a password.
 */
export async function dressRoles(context: LoadContext): Promise<void> {
  const { admin, fingerprint, ledger, destination } = context;
  const { database } = destination;
  const made = new Set(ledger.placeholders);
  for (const role of fingerprint.roles.filter(({ name }) => made.has(name))) {
    // The tenant's code, which can act as the role, may have set what the role's sessions begin with.
    for (const statement of resetStatements(role.name, database))
      await attempt(admin, `ROLE ${role.name}`, statement, ledger);
    if (role.attributes.login) ledger.loginsWithoutPassword.push(role.name);
    noteRights(role, ledger);
    const settings = await givenSettings(context, role.settings, () => role.name);
    for (const statement of roleStatements({ ...role, settings }))
      await attempt(admin, `ROLE ${role.name}`, statement, ledger);
    for (const membership of role.memberOf) {
      if (!made.has(membership.role)) {
        ledger.note(
          `role ${role.name} is not made a member of ${membership.role}, which was not made by this load`,
        );
        continue;
      }
      await attempt(
        admin,
        `ROLE ${role.name}`,
        membershipStatement(role.name, membership, admin.versionNum),
        ledger,
      );
    }
  }
}

function resetStatements(name: string, database: string): string[] {
  const role = `role ${quoteIdent(name)}`;
  return [
    `alter ${role} reset all`,
    `alter ${role} in database ${quoteIdent(database)} reset all`,
    `alter ${role} password null`,
  ];
}

function noteRights({ name, attributes }: RoleFingerprint, ledger: Ledger): void {
  const rights = Object.entries({
    SUPERUSER: attributes.superuser,
    CREATEROLE: attributes.createRole,
    CREATEDB: attributes.createDatabase,
    REPLICATION: attributes.replication,
    BYPASSRLS: attributes.bypassRowSecurity,
  });
  const held = rights.filter(([, has]) => has).map(([right]) => right);
  if (held.length > 0) ledger.note(`role ${name} was made without ${held.join(", ")}`);
}

function roleStatements({ name, attributes, settings, comment }: RoleFingerprint): string[] {
  const role = quoteIdent(name);
  const until = attributes.validUntil === null ? "" : ` valid until ${quoteLiteral(attributes.validUntil)}`;
  const inherit = attributes.inherit ? "inherit" : "noinherit";
  return [
    `alter role ${role} ${inherit} connection limit ${String(attributes.connectionLimit)}${until}`,
    ...settings.map((setting) => `alter role ${role} set ${settingClause(setting.name, setting.value)}`),
    ...(comment === null ? [] : [`comment on role ${role} is ${quoteLiteral(comment)}`]),
  ];
}

function membershipStatement(
  member: string,
  of: RoleFingerprint["memberOf"][number],
  versionNum: number,
): string {
  const grant = `grant ${quoteIdent(of.role)} to ${quoteIdent(member)}`;
  if (versionNum < 160_000 || of.inherit === null || of.set === null)
    return of.admin ? `${grant} with admin option` : grant;
  return `${grant} with admin ${String(of.admin)}, inherit ${String(of.inherit)}, set ${String(of.set)}`;
}

async function attempt(admin: Session, subject: string, statement: string, ledger: Ledger): Promise<void> {
  try {
    await admin.query(statement);
  } catch (error) {
    ledger.problem(subject, { ...refusalOf(error), kind: "machine" });
  }
}
