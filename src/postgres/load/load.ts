/**
 * Loading a backup into a database: into scratch to prove it, into a target to bring it back (traps 13,
 * 15, 17, 19). Every entry of the archive is executed by a session of our choosing and accounted for.
 */
import { within, type Waiting } from "../../base/waiting.ts";
import { connect } from "../connect.ts";
import type { Image, ServerAddress } from "../image.ts";
import { quoteIdent } from "../quote.ts";
import type { Session } from "../session.ts";
import type { TocEntry } from "../toc.ts";
import type { LoadContext, LoadDestination, LoadOptions } from "./context.ts";
import { createDatabaseStatement } from "./database.ts";
import { dropLoader } from "./loader-end.ts";
import { newLoaderName } from "./loader-name.ts";
import { Ledger, refusalOf, type LoadReport } from "./report.ts";
import { joinRoles, makeLoader, makePlaceholders, neededRoles } from "./roles.ts";
import { readSchemaArchive } from "./schema-archive.ts";
import { selectEntries } from "./selection.ts";
import { settle } from "./settings.ts";
import { runStages } from "./stages.ts";

const cleanUpLimitMs = 20_000;

/**
 * Loads the image and reports what became of it. What the server refuses is a problem in the report; what
 * ends the load is thrown: the image's own failures ("store/…", "sealing/damaged", "format/…"), and
 * "scratch/…" or "target/…" for a server that is lost, full or does not let us in. After a throw the
 * database is dropped if this load made it, and the temporary login is gone.
 */
export async function load(
  image: Image,
  destination: LoadDestination,
  options: LoadOptions,
  wait: Waiting,
): Promise<LoadReport> {
  const { fingerprint } = image;
  const toc = await readSchemaArchive(image, wait);
  const { chosen, leftOut } = selectEntries(toc.entries, options.tables);
  const ledger = new Ledger();
  for (const { entry, reason } of leftOut) ledger.leftOut(entry, reason);
  const loader = newLoaderName(options.chance);
  const password = options.chance(24).toString("base64url");
  const { side, database } = destination;
  const address = (login: Partial<ServerAddress>): ServerAddress => ({ ...destination.admin, ...login });
  let created = false;
  try {
    await using server = await connect(destination.admin, side, {}, wait);
    await settle(server, true);
    const adminIsSuperuser = await isSuperuser(server);
    const roles = neededRoles(fingerprint, toc.entries);
    const made = await makePlaceholders(server, roles, ledger);
    const memberOf = side === "scratch" ? await withoutRights(server, roles) : made;
    await makeLoader(server, { name: loader, password, salt: options.chance(16), memberOf });
    if (!adminIsSuperuser) await joinRoles(server, [...made, loader], ledger);
    if (destination.create) {
      const refusal = await attempt(
        server,
        createDatabaseStatement(database, fingerprint.database, server.versionNum),
      );
      if (refusal !== null) {
        ledger.problem(`DATABASE ${database}`, { ...refusal, kind: "machine" });
        return withoutDatabase(ledger, toc.entries);
      }
      created = true;
    }
    await server.query(`alter database ${quoteIdent(database)} owner to ${quoteIdent(loader)}`);
    await using admin = await connect(address({ database }), side, {}, wait);
    const standardStrings = !toc.entries.some(
      ({ desc, defn }) => desc === "STDSTRINGS" && /'off'/.test(defn),
    );
    await settle(admin, standardStrings);
    const context: LoadContext = {
      image,
      fingerprint,
      destination,
      options,
      entries: chosen,
      admin,
      adminIsSuperuser,
      loader,
      openLoader: async () => {
        const session = await connect(address({ user: loader, password, database }), side, {}, wait);
        await settle(session, standardStrings);
        return session;
      },
      ownSearchPath: ownSearchPath(image),
      ledger,
      wait,
    };
    await runStages(context);
    return ledger.report(toc.entries);
  } catch (error) {
    if (created) await dropDatabase(destination, ledger.placeholders);
    throw error;
  } finally {
    await dropLoader(destination, loader, ledger);
  }
}

async function isSuperuser(session: Session): Promise<boolean> {
  const [row] = await session.query<{ rolsuper: boolean }>(
    "select rolsuper from pg_catalog.pg_roles where rolname = current_user",
  );
  return row?.rolsuper === true;
}

/** Of these roles those whose membership gives the loader nothing beyond the tenant's own objects. */
async function withoutRights(session: Session, names: readonly string[]): Promise<string[]> {
  const rows = await session.query<{ name: string }>(
    `select rolname::text as name from pg_catalog.pg_roles
      where rolname::text = any ($1) and not (rolsuper or rolcreaterole or rolcreatedb or rolreplication)`,
    [names],
  );
  return rows.map(({ name }) => name);
}

async function attempt(session: Session, statement: string): Promise<ReturnType<typeof refusalOf> | null> {
  try {
    await session.query(statement);
    return null;
  } catch (error) {
    return refusalOf(error);
  }
}

function withoutDatabase(ledger: Ledger, entries: readonly TocEntry[]): LoadReport {
  for (const entry of entries)
    if (!ledger.has(entry)) ledger.leftOut(entry, "the database could not be created");
  return ledger.report(entries);
}

function ownSearchPath({ fingerprint }: Image): string {
  const own = fingerprint.database.settings.find(({ role, name }) => role === null && name === "search_path");
  return own?.value ?? '"$user", public';
}

/**
 * A half-loaded database looks like a whole one, and roles made for it alone have nothing left to own.
 * The wait of the load may be over, so this has its own.
 */
async function dropDatabase(
  { admin, database, side }: LoadDestination,
  roles: readonly string[],
): Promise<void> {
  const wait = within({ signal: new AbortController().signal }, cleanUpLimitMs);
  try {
    await using server = await connect(admin, side, {}, wait);
    await server.query(`drop database if exists ${quoteIdent(database)} with (force)`);
    // A role that somebody else has begun to use meanwhile stays.
    for (const role of roles) await attempt(server, `drop role ${quoteIdent(role)}`);
  } catch {
    // What ended the load is thrown by the caller and tells more; a scratch server goes as a whole.
  }
}
