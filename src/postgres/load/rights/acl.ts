import { quoteIdent } from "../../session/quote.ts";
import type { Session } from "../../session/session.ts";

interface Grant {
  readonly grantor: string;
  /** `null` is PUBLIC. */
  readonly grantee: string | null;
  readonly privilege: string;
  readonly grantable: boolean;
}

interface AclTarget {
  /** As GRANT names it: `DATABASE "x"`, `LARGE OBJECT 17`. */
  readonly on: string;
  readonly owner: string;
}

/**
 * The statements that give an object, whose ACL is the default, the ACL of these `aclitem` texts.
 * The server itself reads the texts, so all roles in them must exist. Grants made by another than the
 * owner are made by that role, as a superuser's own would be recorded as the owner's.
 */
export async function aclStatements(
  session: Session,
  target: AclTarget,
  acl: readonly string[] | null,
): Promise<string[]> {
  if (acl === null) return [];
  const grants = await session.query<Grant>(
    `select g.rolname as grantor, case when a.grantee = 0 then null else e.rolname end as grantee,
            a.privilege_type as privilege, a.is_grantable as grantable
       from unnest($1::text[]) with ordinality as item(text, place)
       cross join lateral pg_catalog.aclexplode(array[item.text::pg_catalog.aclitem]) as a
       join pg_catalog.pg_roles g on g.oid = a.grantor
       left join pg_catalog.pg_roles e on e.oid = a.grantee
      order by item.place`,
    [acl],
  );
  const first = [
    `revoke all on ${target.on} from public`,
    `revoke all on ${target.on} from ${quoteIdent(target.owner)}`,
  ];
  return [...first, ...grants.flatMap((grant) => grantStatements(grant, target))];
}

function grantStatements(grant: Grant, target: AclTarget): string[] {
  const to = grant.grantee === null ? "public" : quoteIdent(grant.grantee);
  const statement = `grant ${grant.privilege} on ${target.on} to ${to}${grant.grantable ? " with grant option" : ""}`;
  if (grant.grantor === target.owner) return [statement];
  return [`set session authorization ${quoteIdent(grant.grantor)}`, statement, "reset session authorization"];
}
