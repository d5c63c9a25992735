import { quoteIdent } from "../../session/quote.ts";
import type { Session } from "../../session/session.ts";
import { statementsIn } from "../statements/bare-sql.ts";
import { identifier, nameOf } from "../statements/names-in-text.ts";

interface DefaultAcl {
  readonly role: string;
  readonly schema: string | null;
  readonly kind: string;
  readonly grantees: readonly string[];
}

const words: Readonly<Record<string, string>> = {
  r: "tables",
  S: "sequences",
  f: "functions",
  T: "types",
  n: "schemas",
  L: "large objects",
};
const publicHas: Readonly<Record<string, string>> = { f: "execute", T: "usage" };

/** Statements after which none of these roles has default privileges of its own in this database, but those to keep. */
export async function defaultPrivilegeResets(
  session: Session,
  roles: readonly string[],
  toKeep: readonly string[] = [],
): Promise<string[]> {
  const found = await session.query<DefaultAcl>(
    `select r.rolname::text as role, n.nspname::text as schema, d.defaclobjtype::text as kind,
            array(select distinct g.rolname::text from pg_catalog.aclexplode(d.defaclacl) a
                    join pg_catalog.pg_roles g on g.oid = a.grantee) as grantees
       from pg_catalog.pg_default_acl d
       join pg_catalog.pg_roles r on r.oid = d.defaclrole
       left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
      where r.rolname::text = any ($1) and d.oid::text <> all ($2)`,
    [roles, toKeep],
  );
  return found.flatMap((one) => resetsOf(one));
}

function resetsOf({ role, schema, kind, grantees }: DefaultAcl): string[] {
  const word = words[kind];
  if (word === undefined) return [];
  const where = schema === null ? "" : ` in schema ${quoteIdent(schema)}`;
  const alter = `alter default privileges for role ${quoteIdent(role)}${where}`;
  const from = ["public", ...new Set([role, ...grantees].map(quoteIdent))].join(", ");
  const everyone = publicHas[kind];
  // Those of a schema add to the role's own, which are never nothing.
  const own = [
    `${alter} grant all on ${word} to ${quoteIdent(role)}`,
    ...(everyone === undefined ? [] : [`${alter} grant ${everyone} on ${word} to public`]),
  ];
  return [`${alter} revoke all on ${word} from ${from}`, ...(schema === null ? own : [])];
}

const forRole = new RegExp(`^ALTER DEFAULT PRIVILEGES FOR ROLE (${identifier}) (?:IN SCHEMA|GRANT|REVOKE) `);
/** Words of the grammar that stand for whoever says them; the name of a role is quoted where it is one of these. */
const speakers = new Set(["current_role", "current_user", "session_user", "user"]);

/** The roles whose default privileges an entry changes; null where that cannot be told. */
export function rolesOfDefaults(defn: string, standardStrings: boolean): readonly string[] | null {
  const roles = (statementsIn(defn, standardStrings) ?? [""]).map((one) => forRole.exec(one)?.[1]);
  const named = roles.filter((role) => role !== undefined && !speakers.has(role));
  return named.length === roles.length ? [...new Set(named.map((role) => nameOf(role ?? "")))] : null;
}
