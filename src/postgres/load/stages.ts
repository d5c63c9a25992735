import { quoteIdent } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import type { TocEntry } from "../archive/toc.ts";
import { analyze } from "./analyze.ts";
import { tell, type LoadContext } from "./context.ts";
import { withCreateRights } from "./rights/create-rights.ts";
import { applyDatabaseProperties } from "./database.ts";
import { refreshMatviews, setSequences } from "./derived.ts";
import { runEntries } from "./entries.ts";
import { createExtensions } from "./extensions/extensions.ts";
import { publishMembers } from "./extensions/published-members.ts";
import { giveOwners, runAdminStage, runGrants } from "./finish.ts";
import { findHeirs, noteMemberships, ownerOrHeir, type Heirs } from "./rights/heirs.ts";
import { kindOf, type Stage } from "./kinds.ts";
import { loadLargeObjects } from "./rows/large-objects.ts";
import { lendToLoader, takeBackFromLoader } from "./rights/lent-rights.ts";
import { lendWrappers, takeBackWrappers } from "./rights/lent-wrappers.ts";
import { lowerFunctions, raiseFunctions } from "./rights/lowered-functions.ts";
import { dropPlantedOfLoader, dropPlantedOfRoles } from "./rights/planted.ts";
import { runPostData } from "./keys/post-data.ts";
import { dressPublicSchema } from "./rights/public-schema.ts";
import { refusalOf } from "./report.ts";
import { dressRoles } from "./rights/roles.ts";
import { loadRows } from "./rows/rows.ts";
import { selectTables } from "./selection.ts";
import { giveUndumpedComments } from "./rights/undumped-comments.ts";
import {
  putEventTriggersToSleep,
  wakeEventTriggers,
  type AsleepEventTrigger,
} from "./extensions/sleeping-event-triggers.ts";

/**
 * The order of trap 15. First everything that may run tenant code, as the loader; then, when its
 * sessions are closed, what the administrator does: owners, grants, remarks; event triggers after every
 * other statement that could fire them; and the database's own properties at the very end.
 */
export async function runStages(context: LoadContext): Promise<void> {
  const whole = context.options.content === "all";
  const only = context.options.tables !== undefined;
  let asleep: readonly AsleepEventTrigger[] = [];
  await withLoaders(context, async (first, sessions) => {
    tell(context, "schema");
    await runSchemas(context, first);
    await createExtensions(context);
    asleep = await putEventTriggersToSleep(context);
    const lent = await lendToLoader(context, ofStage(context, "pre", "post"));
    await lendWrappers(context);
    const lowered = await lowerFunctions(context);
    const pre = ofStage(context, "pre").filter((entry) => !context.ledger.has(entry));
    await runEntries(context, first, pre);
    if (whole) {
      tell(context, "rows");
      await loadRows(
        context,
        sessions,
        selectTables(context.fingerprint, context.entries),
        ofStage(context, "post"),
      );
      if (!only) await loadLargeObjects(context);
      await setSequences(context, sequencesOf(context));
    }
    tell(context, "indexes");
    const left = ofStage(context, "post").filter((entry) => !context.ledger.has(entry));
    await runPostData(context, sessions, left);
    tell(context, "derived");
    if (whole) await derive(context, sessions);
    await raiseFunctions(context, lowered);
    await takeBackFromLoader(context, lent);
    await takeBackWrappers(context);
  });
  tell(context, "grants");
  await dropPlantedOfRoles(context);
  const heirs = await findHeirs(context);
  await withCreateRights(context, () =>
    giveOwners(context, ofStage(context, "schema", "pre", "post"), heirs),
  );
  await dressPublicSchema(context, heirs);
  await runGrants(context);
  await runAdminStage(context, "default-acl");
  await runAdminStage(context, "publication");
  await publishMembers(context);
  await giveOwners(context, ofStage(context, "publication"), heirs);
  await runAdminStage(context, "remark");
  await giveUndumpedComments(context);
  await retireLoader(context, heirs);
  await dressRoles(context);
  await wakeEventTriggers(context, asleep);
  await runAdminStage(context, "event-trigger");
  await giveOwners(context, ofStage(context, "event-trigger"), heirs);
  await noteMemberships(context);
  await finishDatabase(context, databaseOwner(context, heirs));
}

/** On a target, which is to be worked with, the planner gets its statistics: of tables while the views are filled. */
async function derive(context: LoadContext, sessions: readonly Session[]): Promise<void> {
  const [first] = sessions;
  if (first === undefined) return;
  const refreshed = refreshMatviews(context, first);
  if (context.destination.side === "scratch") {
    await refreshed;
    return;
  }
  const ends = await Promise.allSettled([refreshed, analyze(context, sessions, "tables")]);
  for (const end of ends) if (end.status === "rejected") throw end.reason;
  await analyze(context, sessions, "materialised views");
}

function ofStage(context: LoadContext, ...stages: readonly Stage[]): TocEntry[] {
  return context.entries.filter((entry) => stages.includes(kindOf(entry).stage));
}

/** Opens one session for each job and closes them all, however the work ends. */
async function withLoaders(
  context: LoadContext,
  work: (first: Session, sessions: readonly Session[]) => Promise<void>,
): Promise<void> {
  const first = await context.openLoader();
  const sessions = [first];
  try {
    for (let job = 1; job < context.options.jobs; job += 1) sessions.push(await context.openLoader());
    await work(first, sessions);
  } finally {
    await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()));
  }
}

/** `public` is there already, whatever the archive thinks, and goes again where the source had dropped it. */
async function runSchemas(context: LoadContext, loader: Session): Promise<void> {
  const schemas = ofStage(context, "schema");
  const existing = await context.admin.query<{ name: string }>(
    "select nspname::text as name from pg_catalog.pg_namespace",
  );
  const names = new Set(existing.map(({ name }) => name));
  for (const entry of schemas.filter(({ tag }) => names.has(tag))) context.ledger.applied(entry);
  await runEntries(
    context,
    loader,
    schemas.filter(({ tag }) => !names.has(tag)),
  );
  if (!lacksPublic(context)) return;
  try {
    await context.admin.query("drop schema if exists public");
  } catch (error) {
    context.ledger.problem("SCHEMA public", { ...refusalOf(error), kind: "machine" });
  }
}

/** Only the census tells, since an archive holds nothing that is not there. A database that was there before keeps its own. */
function lacksPublic({ fingerprint, destination, options }: LoadContext): boolean {
  const { scope, census } = fingerprint;
  return (
    scope.kind === "database" &&
    destination.create &&
    options.tables === undefined &&
    !census.some(({ kind }) => kind === "public schema")
  );
}

function sequencesOf({
  fingerprint,
  entries,
  options,
}: LoadContext): LoadContext["fingerprint"]["sequences"] {
  if (options.tables === undefined) return fingerprint.sequences;
  const key = (schema: string, name: string): string => JSON.stringify([schema, name]);
  const chosen = new Set(
    entries.filter(({ desc }) => desc === "SEQUENCE").map(({ namespace, tag }) => key(namespace, tag)),
  );
  return fingerprint.sequences.filter(({ schema, name }) => chosen.has(key(schema, name)));
}

/** The database goes to its owner, and what the tenant's code made under the loader's name goes altogether. */
async function retireLoader(context: LoadContext, heirs: Heirs): Promise<void> {
  const { admin, destination, fingerprint, ledger } = context;
  const subject = `DATABASE ${destination.database}`;
  const reason = heirs.blocked.get(fingerprint.database.owner);
  if (reason !== undefined)
    ledger.problem(subject, { sqlState: undefined, message: reason, kind: "machine" });
  try {
    const owner = quoteIdent(databaseOwner(context, heirs));
    await admin.query(`alter database ${quoteIdent(destination.database)} owner to ${owner}`);
    if (!ledger.mayOwn) await dropPlantedOfLoader(context);
  } catch (error) {
    ledger.problem(subject, { ...refusalOf(error), kind: "machine" });
  }
}

/** Some tables in a database that was there do not make it the tenant's. */
function databaseOwner({ fingerprint, former, options }: LoadContext, heirs: Heirs): string {
  if (former !== null && options.tables !== undefined) return former.owner;
  return ownerOrHeir(heirs, fingerprint.database.owner);
}

/** Settles what the archive says of the database itself from the fingerprint, and accounts for the entries that we load by other means. */
async function finishDatabase(context: LoadContext, owner: string): Promise<void> {
  const { ledger } = context;
  const ofDatabase = await applyDatabaseProperties(context, owner);
  for (const entry of ofStage(context, "own")) {
    if (ledger.has(entry)) continue;
    if (entry.desc === "SECURITY LABEL") {
      ledger.leftOut(entry, "security labels of databases are not restored");
      ledger.note(`a security label of the database is not restored: ${entry.defn.trim()}`);
    } else if (["ENCODING", "STDSTRINGS", "SEARCHPATH"].includes(entry.desc) || ofDatabase)
      ledger.applied(entry);
    else ledger.leftOut(entry, "refused in part; see the problems of the database");
  }
}
