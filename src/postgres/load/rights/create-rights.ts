import { quoteIdent } from "../../session/quote.ts";
import type { Session } from "../../session/session.ts";
import type { LoadContext } from "../context.ts";
import { refusalOf } from "../report.ts";

/**
 * Unless a superuser says so, an object goes to a role only if that role may create in its schema, and a
 * schema only if it may create in the database. For an administrator without that power the roles we
 * made get these rights for as long as `work` takes; grants of the tenant's own come afterwards.
 */
export async function withCreateRights(context: LoadContext, work: () => Promise<void>): Promise<void> {
  if (context.adminIsSuperuser || context.ledger.placeholders.length === 0) {
    await work();
    return;
  }
  const { admin, destination, ledger } = context;
  const schemas = await admin.query<{ name: string }>(
    "select nspname::text as name from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'",
  );
  const roles = ledger.placeholders.map(quoteIdent).join(", ");
  const places = [
    `database ${quoteIdent(destination.database)}`,
    ...schemas.map(({ name }) => `schema ${quoteIdent(name)}`),
  ];
  const change = async (statement: (place: string) => string): Promise<void> => {
    for (const place of places) {
      try {
        await admin.query(statement(place));
      } catch (error) {
        refusalOf(error);
        ledger.note(`rights on ${place} could not be lent, so that owners in it may differ`);
      }
    }
  };
  await change((place) => `grant create on ${place} to ${roles}`);
  try {
    await work();
  } finally {
    const owners = await ownersOf(admin);
    await change((place) => {
      // Whoever owns the place by now has the right of its own.
      const others = ledger.placeholders.filter((role) => role !== owners.get(place));
      return others.length === 0
        ? "select"
        : `revoke create on ${place} from ${others.map(quoteIdent).join(", ")}`;
    });
  }
}

async function ownersOf(admin: Session): Promise<ReadonlyMap<string, string>> {
  const rows = await admin.query<{ kind: string; name: string; owner: string }>(
    `select 'schema' as kind, nspname::text as name, pg_catalog.pg_get_userbyid(nspowner)::text as owner from pg_catalog.pg_namespace
     union all
     select 'database', datname::text, pg_catalog.pg_get_userbyid(datdba)::text from pg_catalog.pg_database`,
  );
  return new Map(rows.map(({ kind, name, owner }) => [`${kind} ${quoteIdent(name)}`, owner]));
}
