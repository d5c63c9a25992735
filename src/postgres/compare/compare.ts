/**
 * The comparison of a restored database with the fingerprint of its source, shared by verify (scratch)
 * and restore (the real target).
 */
import { Budget } from "../../base/limit.ts";
import { type Waiting, within } from "../../base/waiting.ts";
import { notRun, type CheckName, type CheckResult } from "../../model/check.ts";
import type { Image } from "../image.ts";
import { checkArchive } from "./archive.ts";
import { checkAssertions } from "./assertions.ts";
import type { Beforehand } from "./beforehand.ts";
import { checkCensus } from "./census.ts";
import { compareDefinitions, type DefinitionDifferences } from "./definitions.ts";
import { checkGenerated, checkMatviews } from "./derived.ts";
import { expectedHere, foundBeside, toldWithheld } from "./expected-here.ts";
import { checkExtensions } from "./extensions.ts";
import { checkGrants } from "./grants.ts";
import { runChecks, type Check } from "./guard.ts";
import { checkIndexes } from "./indexes.ts";
import { checkLargeObjects } from "./large-objects.ts";
import { openReader } from "./login.ts";
import { readBeforehand } from "./read-beforehand.ts";
import { type CompareOptions, type Comparison, type Restored } from "./restored.ts";
import { checkSequences } from "./sequences.ts";
import { checkSettings } from "./settings.ts";
import { checkTables } from "./tables.ts";
import { checkTwin } from "./twin.ts";

type Compared = Exclude<CheckName, "copy" | "archive">;

const ofSchema = ["objects", "constraints", "settings", "grants", "extensions", "twin"] as const;
const ofSmallContent = ["generated", "matviews", "sequences", "large-objects"] as const;
const afterwards = ["indexes", "assertions"] as const;
type OfSchema = (typeof ofSchema)[number];
/** All but `copy`, which is the caller's, and `archive`, which needs no server. */
const names: readonly Compared[] = [...ofSchema, "tables", ...ofSmallContent, ...afterwards];

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
  const withheld = options.withheld ?? [];
  const fingerprint = expectedHere(image.fingerprint, withheld);
  const eventTriggers = fingerprint.census.some(({ kind, count }) => kind === "event trigger" && count > 0);
  const restored: Restored = { ...given, eventTriggers };
  const places = new Budget(options.jobs);
  const comparison: Comparison = {
    restored,
    image,
    fingerprint,
    options,
    reader: restored.admin,
    places,
    wait: options.limitMs === undefined ? wait : within(wait, options.limitMs),
    asked: wait,
  };
  const [archive, others] = await both(
    runChecks([{ name: "archive", run: () => checkArchive(comparison) }], wait, comparison.wait),
    restored.side === "target" ? compareTarget(comparison) : compareScratch(comparison),
  );
  return [...toldWithheld([...archive, ...others], withheld)];
}

/**
 * Rows are read while roles and privileges are: it is the administrator who reads, and no login is made for it. One
 * that may read everything may read the passwords of that server's logins as well, and code of the tenant would then
 * read them too. The administrator runs COPY of plain tables, and no query that `planningHazards` speaks against.
 */
async function compareTarget(comparison: Comparison): Promise<CheckResult[]> {
  const schema = async (): Promise<CheckResult[]> => {
    const prepared = await prepare(comparison, () => readBeforehand(comparison));
    const { image, options } = comparison;
    return prepared.kind === "ready"
      ? runSchema(comparison, foundBeside(image.fingerprint, options.withheld ?? [], prepared.found))
      : ofSchema.map((name) => notRun(name, "machine", prepared.reason));
  };
  const [ofCatalogs, ofRows] = await both(schema(), runContent(comparison));
  return [...ofCatalogs, ...ofRows, ...(await runAfterwards(comparison))];
}

/** Rows are read by a login of its own, which alters roles and privileges and so comes when these have been read. */
async function compareScratch(comparison: Comparison): Promise<CheckResult[]> {
  const { restored, options, wait } = comparison;
  await using stack = new AsyncDisposableStack();
  const prepared = await prepare(comparison, async () => {
    const beforehand = await readBeforehand(comparison);
    const login = stack.use(await openReader(restored, options.chance, wait));
    return { beforehand, reader: login.address };
  });
  if (prepared.kind === "failed") return names.map((name) => notRun(name, "machine", prepared.reason));
  const { beforehand, reader } = prepared.found;
  const reading = { ...comparison, reader };
  const [schema, content] = await both(runSchema(reading, beforehand), runContent(reading));
  return [...schema, ...content, ...(await runAfterwards(reading))];
}

type Prepared<Found> =
  | { readonly kind: "ready"; readonly found: Found }
  | { readonly kind: "failed"; readonly reason: string };

/** Under the guard of a check, so that trouble of the machine is a reason and nothing that is thrown. */
async function prepare<Found>(
  { wait, asked }: Comparison,
  read: () => Promise<Found>,
): Promise<Prepared<Found>> {
  const ready: { found?: Found } = {};
  const run = async (): Promise<CheckResult> => {
    ready.found = await read();
    return notRun("objects", "irrelevant", "prepared");
  };
  const [result] = await runChecks([{ name: "objects", run }], asked, wait);
  return ready.found === undefined
    ? { kind: "failed", reason: result?.detail ?? "the restored database could not be reached" }
    : { kind: "ready", found: ready.found };
}

/** The results of both; what one of them throws is thrown when the other has come to its end. */
async function both<A, B>(one: Promise<A>, other: Promise<B>): Promise<readonly [A, B]> {
  await Promise.allSettled([one, other]);
  return [await one, await other];
}

type Runs<Name extends Compared> = Readonly<Record<Name, () => CheckResult | Promise<CheckResult>>>;

/** Of the schema, in this order. */
function runSchema(comparison: Comparison, beforehand: Beforehand): Promise<CheckResult[]> {
  const { fingerprint } = comparison;
  const defined = (check: "objects" | "constraints" | "grants"): DefinitionDifferences =>
    compareDefinitions(check, fingerprint, beforehand);
  const counted = (check: "objects" | "constraints"): CheckResult =>
    checkCensus(check, fingerprint, beforehand, defined(check));
  const runs: Runs<OfSchema> = {
    objects: () => counted("objects"),
    constraints: () => counted("constraints"),
    settings: () => checkSettings(comparison, beforehand),
    grants: () => checkGrants(comparison, beforehand, defined("grants")),
    extensions: () => checkExtensions(comparison, beforehand),
    twin: () => checkTwin(comparison),
  };
  return runEach(comparison, ofSchema, runs);
}

/**
 * Of what is in it, beside those of the schema: each only reads, and takes no lock that another would wait for. Tables
 * are read at every place of `jobs` but one that another of these holds, which are asked first and are soon done.
 */
async function runContent(comparison: Comparison): Promise<CheckResult[]> {
  const { places, wait } = comparison;
  const placed = (run: () => Promise<CheckResult>) => async (): Promise<CheckResult> => {
    const leave = await places.take(1, wait);
    try {
      return await run();
    } finally {
      leave();
    }
  };
  const small: Runs<(typeof ofSmallContent)[number]> = {
    generated: placed(() => checkGenerated(comparison)),
    matviews: placed(() => checkMatviews(comparison)),
    sequences: placed(() => checkSequences(comparison)),
    "large-objects": placed(() => checkLargeObjects(comparison)),
  };
  const [others, tables] = await both(
    runEach(comparison, ofSmallContent, small),
    runEach(comparison, ["tables"], { tables: () => checkTables(comparison) }),
  );
  return [...tables, ...others];
}

/** These bring something of their own into the database for a while, or run what the tenant wrote. */
function runAfterwards(comparison: Comparison): Promise<CheckResult[]> {
  const runs: Runs<(typeof afterwards)[number]> = {
    indexes: () => checkIndexes(comparison),
    assertions: () => checkAssertions(comparison),
  };
  return runEach(comparison, afterwards, runs);
}

function runEach<Name extends Compared>(
  { options, wait, asked }: Comparison,
  some: readonly Name[],
  runs: Runs<Name>,
): Promise<CheckResult[]> {
  const checks = some.map((name): Check => ({
    name,
    run: async () =>
      options.onlyTables !== null && name !== "tables"
        ? notRun(name, "irrelevant", "only some tables were restored")
        : runs[name](),
  }));
  return runChecks(checks, asked, wait);
}
