/**
 * Loading a backup into a database: into scratch to prove it, into a target to bring it back (traps 13,
 * 15, 17, 19). Every entry of the archive is executed by a session of our choosing and accounted for.
 */
import { within, type Waiting } from "../../base/waiting.ts";
import { connect } from "../session/connect.ts";
import type { Image } from "../image.ts";
import { quoteIdent } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import type { TocEntry } from "../archive/toc.ts";
import { hasStandardStrings } from "./statements/bare-sql.ts";
import { withoutColumnVersions } from "./statements/column-versions.ts";
import { isOfServersTrigger } from "./statements/servers-triggers.ts";
import {
  generousLimits,
  type LoadContext,
  type LoadDestination,
  type LoadLimits,
  type LoadOptions,
} from "./context.ts";
import { createDatabaseStatement } from "./database.ts";
import { readFormer, type Former } from "./former.ts";
import { disarmLoader, dropLoader, dropLoaderOfFailed, told, undoLoad } from "./rights/loader-end.ts";
import { ofLeftOutExtension, withoutDependence } from "./extensions/left-out.ts";
import { keysOfPartitions } from "./keys/keys-of-partitions.ts";
import { markLoad } from "./rights/mark.ts";
import { newLoaderName } from "./rights/loader-name.ts";
import { Ledger, refusalOf, type LoadReport } from "./report.ts";
import { joinRoles, makeLoader, makePlaceholders, neededRoles } from "./rights/roles.ts";
import { readSchemaArchive } from "./schema-archive.ts";
import { selectEntries } from "./selection.ts";
import { preamble, settle } from "./settings.ts";
import { runStages } from "./stages.ts";

/**
 * Loads the image and reports what became of it. What the server refuses is a problem in the report; what
 * ends the load is thrown: the image's own failures ("store/…", "sealing/damaged", "format/…"),
 * "scratch/…" or "target/…" for a server that is lost, full or does not let us in, and "wait/expired". After a
 * throw the database is dropped if this load made it, and empty again if not; the roles that were made for it
 * are gone, and so is the temporary login. Where that failed the hint says what is left.
 */
export async function load(
  image: Image,
  destination: LoadDestination,
  options: LoadOptions,
  wait: Waiting,
): Promise<LoadReport> {
  const archived = withoutColumnVersions((await readSchemaArchive(image, wait)).entries);
  const { entries, notes } = withoutDependence(archived, image.fingerprint);
  const isOfLeftOut = ofLeftOutExtension(entries, image.fingerprint);
  const { chosen: selected, leftOut } = selectEntries(entries, options.tables);
  const chosen = selected.filter((entry) => !isOfServersTrigger(entry) && !isOfLeftOut(entry));
  const ledger = new Ledger(image.fingerprint.scope);
  for (const note of notes) ledger.note(note);
  for (const { entry, reason } of leftOut) ledger.leftOut(entry, reason);
  for (const entry of selected.filter(isOfServersTrigger))
    ledger.leftOut(entry, "it is a trigger of the server's own, and enabled after a restore");
  for (const entry of selected.filter(isOfLeftOut))
    ledger.leftOut(entry, "the plan leaves this extension out");
  const progress: LoadProgress = { created: false, former: null, versionNum: null };
  const loader = options.keptUntilCompared ?? newLoaderName(options.chance);
  const limits = options.limits ?? generousLimits;
  const work: Work = { image, destination, options, limits, loader, ledger, entries, chosen };
  try {
    await loadInto(work, progress, within(wait, limits.loadMs));
  } catch (error) {
    const end = { destination, loader, ledger, ...progress };
    const failure = await undoLoad(end, error);
    const left = await dropLoaderOfFailed(end);
    throw left === null ? failure : told(failure, left);
  }
  const end = { destination, loader, versionNum: progress.versionNum };
  if (options.keptUntilCompared === undefined) {
    const left = await dropLoader(end);
    if (left !== null) ledger.note(left);
  } else await disarmLoader(end);
  return ledger.report(entries);
}

/** What would have to be undone. */
interface LoadProgress {
  created: boolean;
  former: Former | null;
  versionNum: number | null;
}

interface Work extends Pick<LoadContext, "image" | "destination" | "options" | "loader" | "ledger"> {
  readonly limits: LoadLimits;
  readonly entries: readonly TocEntry[];
  readonly chosen: readonly TocEntry[];
}

async function loadInto(work: Work, progress: LoadProgress, wait: Waiting): Promise<void> {
  const { image, destination, options, limits, loader, ledger, entries, chosen } = work;
  const { side, database } = destination;
  const password = options.chance(24).toString("base64url");
  await using server = await connect(destination.admin, side, asAdmin, wait);
  progress.versionNum = server.versionNum;
  await settle(server, true);
  const adminIsSuperuser = await isSuperuser(server);
  const standardStrings = hasStandardStrings(entries);
  const inside = sessionsInside(work, { password, standardStrings, versionNum: server.versionNum }, wait);
  if (!destination.create) {
    await using before = await inside.openAdmin();
    progress.former = await readFormer(before);
  }
  await bearRoles(server, work, { password, adminIsSuperuser });
  if (destination.create && !(await createDatabase(server, work, progress))) return;
  // Scratch goes as a whole, whatever becomes of the load.
  if (side === "target") await markLoad(server, { loader, database });
  await server.query(`alter database ${quoteIdent(database)} owner to ${quoteIdent(loader)}`);
  await using admin = await inside.openAdmin();
  await settle(admin, standardStrings);
  await runStages({
    image,
    fingerprint: image.fingerprint,
    destination,
    options,
    entries: chosen,
    admin,
    adminIsSuperuser,
    loader,
    openForScripts: inside.openForScripts,
    openLoader: inside.openLoader,
    preamble: (searchPath, tableAm = "") => preamble(searchPath, tableAm, limits.statementMs),
    standardStrings,
    keyParts: keysOfPartitions(chosen),
    former: progress.former,
    codeBehind: { known: null },
    ownSearchPath: ownSearchPath(image),
    ledger,
    wait,
  });
}

/** How sessions in the database that is loaded are opened. */
interface SessionsInside extends Pick<LoadContext, "openForScripts" | "openLoader"> {
  /** Not settled yet. */
  readonly openAdmin: () => Promise<Session>;
}

interface InsideTerms {
  readonly password: string;
  readonly standardStrings: boolean;
  readonly versionNum: number;
}

function sessionsInside(
  { destination, loader }: Work,
  { password, standardStrings, versionNum }: InsideTerms,
  wait: Waiting,
): SessionsInside {
  const { side, database } = destination;
  const address = { ...destination.admin, database };
  const alsoAsAdmin = { ...asAdmin, versionNum };
  return {
    openAdmin: () => connect(address, side, alsoAsAdmin, wait),
    openForScripts: async () => {
      const startup = { search_path: `"$user", public` };
      const session = await connect(address, side, { ...alsoAsAdmin, startup }, wait);
      await settle(session, standardStrings);
      return session;
    },
    openLoader: async () => {
      const session = await connect({ ...address, user: loader, password }, side, { versionNum }, wait);
      await settle(session, standardStrings);
      await session.query(hasty);
      return session;
    },
  };
}

/** Placeholders for the roles that are missing, and the temporary login. */
async function bearRoles(
  server: Session,
  { image, destination, options, limits, loader, ledger, entries }: Work,
  { password, adminIsSuperuser }: { readonly password: string; readonly adminIsSuperuser: boolean },
): Promise<void> {
  const isScratch = destination.side === "scratch";
  const roles = neededRoles(image.fingerprint, entries);
  const made = await makePlaceholders(server, roles, ledger);
  await makeLoader(server, {
    name: loader,
    password,
    salt: options.chance(16),
    memberOf: isScratch ? await withoutRights(server, roles) : made,
    temporaryBytes: isScratch ? limits.temporaryBytes : null,
  });
  if (!adminIsSuperuser) await joinRoles(server, [...made, loader], ledger);
}

/** Whether it could be made; where not, that is a problem, and nothing is loaded. */
async function createDatabase(
  server: Session,
  { image, destination: { database }, ledger, entries }: Work,
  progress: LoadProgress,
): Promise<boolean> {
  const statement = createDatabaseStatement(database, image.fingerprint.database, server.versionNum);
  const refusal = await attempt(server, statement);
  if (refusal !== null) {
    ledger.problem(`DATABASE ${database}`, { ...refusal, kind: "machine" });
    leaveOutAll(ledger, entries);
    return false;
  }
  progress.created = true;
  // Nobody else comes in while it is loaded; the last stage says who may.
  await server.query(`revoke all on database ${quoteIdent(database)} from public`);
  return true;
}

/**
 * No commit of a loader's waits for the disk: the administrator's later ones bring all before them to it. And
 * what the server compiles for a foreign key's check takes longer than it saves.
 */
const hasty = "set synchronous_commit = off; set jit = off";

/** An event trigger of the tenant's must not fire in a session with rights. */
const asAdmin = { withoutEventTriggers: true };

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

function leaveOutAll(ledger: Ledger, entries: readonly TocEntry[]): void {
  for (const entry of entries)
    if (!ledger.has(entry)) ledger.leftOut(entry, "the database could not be created");
}

function ownSearchPath({ fingerprint }: Image): string {
  const own = fingerprint.database.settings.find(({ role, name }) => role === null && name === "search_path");
  return own?.value ?? '"$user", public';
}
