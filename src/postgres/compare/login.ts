import { randomBase32, type Chance } from "../../base/chance.ts";
import { within, type Waiting } from "../../base/waiting.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import { quoteIdent, quoteLiteral } from "../session/quote.ts";
import { openPlain, type Restored } from "./restored.ts";

export interface Login extends AsyncDisposable {
  readonly address: ServerAddress;
  /** On a target; see `disposing`. */
  readonly leaves?: string;
}

export interface LoginWish {
  /** `BYPASSRLS` or nothing. */
  readonly attributes: string;
  /**
   * Roles whose rights it has; those that the server does not know are left out, and on a target those that may
   * do there what concerns more than their own objects.
   */
  readonly memberOf: readonly string[];
  readonly chance: Chance;
}

const firstWithReadAll = 140_000;
const firstWithLoginTriggers = 170_000;
const cleanUpLimitMs = 20_000;

/**
 * Who reads the rows of a database that was restored into scratch: a login of its own that passes row security and
 * may read everything but is no superuser, since rows and indexes are hostile ground (trap 19). Before PostgreSQL 14,
 * which has no role that may read everything, the administrator, as on a target.
 */
export async function openReader(restored: Restored, chance: Chance, wait: Waiting): Promise<Login> {
  await using session = await openPlain(restored, restored.admin, wait);
  if (session.versionNum < firstWithReadAll)
    return { address: restored.admin, [Symbol.asyncDispose]: () => Promise.resolve() };
  const wish = { attributes: "bypassrls", memberOf: ["pg_read_all_data"], chance };
  const login = await openLogin(restored, wish, wait);
  // A trigger of the tenant's on login would run in each of its sessions.
  if (session.versionNum >= firstWithLoginTriggers)
    await session.query(`alter role ${quoteIdent(login.address.user)} set event_triggers = off`);
  // Scratch goes as a whole: what a lost server keeps of the login does not outweigh what was compared.
  const drop = async (): Promise<void> => {
    await Promise.resolve(login[Symbol.asyncDispose]()).catch(() => undefined);
  };
  return { address: login.address, [Symbol.asyncDispose]: drop };
}

const harmlessHere =
  "select rolname::text as name from pg_catalog.pg_roles where rolname = any ($1) and not rolsuper";

/** Who becomes one of these roles gains nothing over the server or over other databases, by no detour. */
const harmless = `
  select r.rolname::text as name from pg_catalog.pg_roles r
   where r.rolname = any ($1) and not exists (
     select from pg_catalog.pg_roles p
      where (p.rolsuper or p.rolcreaterole or p.rolreplication or p.rolbypassrls
             or (p.rolname ~ '^pg_' and p.rolname <> 'pg_database_owner'))
        and pg_catalog.pg_has_role(r.oid, p.oid, 'member'))`;

/**
 * A login that is no superuser and may connect to the restored database whatever the tenant's own
 * privileges and limits say. Disposal drops it and puts those back. Only shared objects are touched, so
 * that no event trigger of the tenant fires.
 */
export async function openLogin(restored: Restored, wish: LoginWish, wait: Waiting): Promise<Login> {
  const name = `hf_${randomBase32(wish.chance, 20)}`;
  const password = wish.chance(24).toString("base64url");
  const login = quoteIdent(name);
  const database = quoteIdent(restored.admin.database);
  const undo = [`drop role if exists ${login}`];
  const cleanUp = async (): Promise<void> => {
    // The wait of the comparison may be over; a login must not stay behind for that.
    const own = within({ signal: new AbortController().signal }, cleanUpLimitMs);
    await using session = await openPlain(restored, restored.admin, own);
    for (const statement of undo.toReversed()) await session.query(statement);
  };
  await using session = await openPlain(restored, restored.admin, wait);
  try {
    await session.query(
      `create role ${login} login nosuperuser ${wish.attributes} password ${quoteLiteral(password)}`,
    );
    const known = await session.query<{ name: string }>(
      restored.side === "scratch" ? harmlessHere : harmless,
      [wish.memberOf],
    );
    for (const role of known) await session.query(`grant ${quoteIdent(role.name)} to ${login}`);
    const [state] = await session.query<{ connects: boolean; limit: number }>(
      `select pg_catalog.has_database_privilege($1, d.oid, 'connect') as connects, d.datconnlimit as limit
         from pg_catalog.pg_database d where d.datname = current_database()`,
      [name],
    );
    if (state?.connects !== true) {
      undo.push(`revoke connect on database ${database} from ${login}`);
      await session.query(`grant connect on database ${database} to ${login}`);
    }
    if (state !== undefined && state.limit >= 0 && restored.side === "scratch") {
      undo.push(`alter database ${database} connection limit ${String(state.limit)}`);
      await session.query(`alter database ${database} connection limit -1`);
    }
  } catch (error) {
    await cleanUp().catch(() => undefined);
    throw error;
  }
  const leaves =
    restored.side === "target" ? { leaves: `the login ${name} could not be dropped and stays there` } : {};
  return { address: { ...restored.admin, user: name, password }, ...leaves, [Symbol.asyncDispose]: cleanUp };
}
