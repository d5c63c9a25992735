/**
 * The comparison of a restored database with the fingerprint of its source, shared by verify (scratch)
 * and restore (the real target).
 */
import type { Waiting } from "../../base/waiting.ts";
import { notRun, type CheckName, type CheckResult } from "../../model/check.ts";
import type { Census, DatabaseFingerprint, RoleFingerprint } from "../../model/fingerprint.ts";
import type { Image } from "../image.ts";
import { readDatabase } from "../readings/database.ts";
import { readRoles } from "../readings/roles.ts";
import { checkArchive } from "./archive.ts";
import { checkAssertions } from "./assertions.ts";
import { checkCensus, incomparable, readRestoredCensus } from "./census.ts";
import { compareDefinitions, readRestoredDefinitions, type FoundDefinitions } from "./definitions.ts";
import { checkGenerated, checkMatviews } from "./derived.ts";
import { checkExtensions } from "./extensions.ts";
import { checkGrants } from "./grants.ts";
import { runChecks, type Check } from "./guard.ts";
import { checkIndexes } from "./indexes.ts";
import { checkLargeObjects } from "./large-objects.ts";
import { openReader } from "./login.ts";
import { openExact, type CompareOptions, type Comparison, type Restored } from "./restored.ts";
import { checkSequences } from "./sequences.ts";
import { checkSettings } from "./settings.ts";
import { checkTables } from "./tables.ts";
import { checkTwin } from "./twin.ts";

/** What is read by the administrator before the comparing login exists, which itself alters roles and privileges. */
interface Beforehand {
  readonly database: DatabaseFingerprint;
  readonly roles: readonly RoleFingerprint[];
  /** Null where it cannot be compared, for the reason `incomparable`. */
  readonly census: Census | null;
  /** Null where the backup knows none. */
  readonly definitions: FoundDefinitions | null;
  readonly incomparable: string | null;
}

type Compared = Exclude<CheckName, "copy" | "archive">;

/** Of the schema, in the order in which they run. */
const ofSchema: readonly Compared[] = ["objects", "constraints", "settings", "grants", "extensions", "twin"];
/** Of what is in it, beside those of the schema: each only reads, and takes no lock that another would wait for. */
const ofContent: readonly Compared[] = ["tables", "generated", "matviews", "sequences", "large-objects"];
/** These bring something of their own into the database for a while, or run what the tenant wrote. */
const afterwards: readonly Compared[] = ["indexes", "assertions"];
/** All but `copy`, which is the caller's, and `archive`, which needs no server. */
const names = [...ofSchema, ...ofContent, ...afterwards];

/**
 * One result per check, in a fixed order. Trouble of this machine makes checks `not-run` (because
 * `machine`) and is not thrown; damage of the copy met while reading the image, and the end of `wait`,
 * are. Values of rows occur in findings alone.
 */
export async function compare(
  given: Restored,
  image: Image,
  options: CompareOptions,
  wait: Waiting,
): Promise<CheckResult[]> {
  const { fingerprint } = image;
  const eventTriggers = fingerprint.census.some(({ kind, count }) => kind === "event trigger" && count > 0);
  const restored: Restored = { ...given, eventTriggers };
  const unread = { restored, image, fingerprint, options, reader: restored.admin, wait };
  const opened: { reader?: Awaited<ReturnType<typeof openReader>>; beforehand?: Beforehand } = {};
  await using stack = new AsyncDisposableStack();
  const prepare = async (): Promise<CheckResult> => {
    opened.beforehand = await readBeforehand(unread);
    opened.reader = stack.use(await openReader(restored, options.chance, wait));
    return notRun("objects", "irrelevant", "prepared");
  };
  const [archive, [preparation]] = await both(
    runChecks([{ name: "archive", run: () => checkArchive(unread) }], wait),
    runChecks([{ name: "objects", run: prepare }], wait),
  );
  const { reader, beforehand } = opened;
  if (reader === undefined || beforehand === undefined) {
    const reason = preparation?.detail ?? "the restored database could not be reached";
    return [...archive, ...names.map((name) => notRun(name, "machine", reason))];
  }
  const checks = checksOf({ ...unread, reader: reader.address }, beforehand);
  const run = (some: readonly Compared[]): Promise<CheckResult[]> => runChecks(some.map(checks), wait);
  const [schema, content] = await both(run(ofSchema), run(ofContent));
  return [...archive, ...schema, ...content, ...(await run(afterwards))];
}

/** The results of both; what one of them throws is thrown when the other has come to its end. */
async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

async function readBeforehand(comparison: Comparison): Promise<Beforehand> {
  const { restored, fingerprint, wait } = comparison;
  await using session = await openExact(restored, restored.admin, wait);
  const named = fingerprint.roles.map(({ name }) => name);
  const reason = incomparable(fingerprint, session.versionNum);
  return {
    incomparable: reason,
    roles: await readRoles(session, fingerprint.scope, named),
    database: await readDatabase(session, fingerprint.scope, named),
    census: reason === null ? await readRestoredCensus(comparison) : null,
    definitions: reason === null ? await readRestoredDefinitions(comparison) : null,
  };
}

function checksOf(comparison: Comparison, beforehand: Beforehand): (name: Compared) => Check {
  const { fingerprint } = comparison;
  const { database, roles, census, definitions } = beforehand;
  const counted = (check: "objects" | "constraints"): CheckResult =>
    census === null
      ? notRun(check, "irrelevant", beforehand.incomparable ?? "not counted")
      : checkCensus(check, fingerprint.census, census, compareDefinitions(check, comparison, definitions));
  const run: Readonly<Record<Compared, () => CheckResult | Promise<CheckResult>>> = {
    objects: () => counted("objects"),
    constraints: () => counted("constraints"),
    settings: () => checkSettings(comparison, database, roles),
    grants: () =>
      checkGrants(comparison, census, database, roles, compareDefinitions("grants", comparison, definitions)),
    extensions: () => checkExtensions(comparison, census),
    twin: () => checkTwin(comparison),
    tables: () => checkTables(comparison),
    generated: () => checkGenerated(comparison),
    matviews: () => checkMatviews(comparison),
    sequences: () => checkSequences(comparison),
    "large-objects": () => checkLargeObjects(comparison),
    indexes: () => checkIndexes(comparison),
    assertions: () => checkAssertions(comparison),
  };
  return (name) => ({
    name,
    run: async () =>
      comparison.options.onlyTables !== null && name !== "tables"
        ? notRun(name, "irrelevant", "only some tables were restored")
        : run[name](),
  });
}
