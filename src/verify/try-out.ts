/** Trying a copy out: restored into a scratch server of its own, beside an empty twin, and compared. */
import type { Chance } from "../base/chance.ts";
import { Failure } from "../base/failure.ts";
import type { ServerAddress } from "../base/server-address.ts";
import { type Waiting, within } from "../base/waiting.ts";
import { type CheckResult, failed, type Finding, notRun } from "../model/check.ts";
import type { Assertion } from "../model/plan.ts";
import { compare } from "../postgres/compare/compare.ts";
import { assertionLimitMsDefault } from "../postgres/compare/restored.ts";
import { mayTellValues } from "../postgres/session/errors.ts";
import type { Image } from "../postgres/image.ts";
import { load } from "../postgres/load/load.ts";
import { mightyEntries } from "../postgres/load/statements/mighty-entries.ts";
import { readSchemaArchive } from "../postgres/load/schema-archive.ts";
import type { LoadProblem, LoadReport } from "../postgres/load/report.ts";
import { type PrivateServer, startPrivateServer } from "../postgres/server/private-server.ts";
import { findPrograms, majorOf } from "../postgres/server/programs.ts";
import type { TryOut, TryOutResult } from "./trial.ts";

export interface ScratchGround {
  /** The folder for scratch servers. */
  readonly root: string;
  readonly runAs: { readonly uid: number; readonly gid: number } | undefined;
  readonly binFolders: readonly string[];
  /** Connections that load and read side by side. */
  readonly jobs: number;
  readonly chance: Chance;
  /** For the whole comparison of a copy; `compareMsDefault` when absent. */
  readonly compareMs?: number;
  /** Where servers come from; one of its own for every copy unless told. Whoever lends one takes it back clean. */
  readonly startServer?: typeof startPrivateServer;
}

export interface TryOutWish {
  readonly assertions: readonly Assertion[];
  /** Whether amcheck reads every index. */
  readonly indexes: boolean;
  readonly onProgress: (phase: string, bytesDone: number) => void;
  /** Called once the copy is loaded and nothing has been compared yet, to see whether a load gone wrong is found. */
  readonly loaded?: (restored: ServerAddress, wait: Waiting) => Promise<void>;
}

/**
 * Beyond what some terabytes need. Indexes and views are read by calling the tenant's functions, and one may behave while
 * it is loaded and sleep for ever once it is read.
 */
const compareMsDefault = 48 * 3_600_000;

const restoredName = "restored";
const twinName = "twin";

/** Throws what `TryOut` says; the server is gone and wiped when it resolves or throws. */
export function tryOutOn(ground: ScratchGround, wish: TryOutWish): TryOut {
  return async (image, wait) => {
    const programs = await findPrograms(
      ground.binFolders,
      majorOf(image.fingerprint.server.versionNum),
      wait,
    );
    wish.onProgress("starting scratch", 0);
    const { root, runAs, chance } = ground;
    await using server = await (ground.startServer ?? startPrivateServer)(
      { root, runAs, chance, binFolder: programs.folder, superuser: { kind: "random" } },
      wait,
    );
    const alive = { signal: AbortSignal.any([wait.signal, server.lost]) };
    await demandIsolation(server, image, alive);
    const scratch: Scratch = { server, ground, wish };
    const report = await loadInto(scratch, image, { database: restoredName, content: "all" }, alive);
    await wish.loaded?.({ ...server.address, database: restoredName }, alive);
    wish.onProgress("comparing", report.bytes);
    let twin: LoadReport | null = null;
    const checks = await compare(
      {
        side: "scratch",
        admin: { ...server.address, database: restoredName },
        twin: async () => {
          twin = await loadInto(scratch, image, { database: twinName, content: "structure" }, alive);
          return { ...server.address, database: twinName };
        },
      },
      image,
      {
        jobs: ground.jobs,
        programs,
        assertions: wish.assertions,
        assertionLimitMs: assertionLimitMsDefault,
        indexes: wish.indexes,
        onlyTables: null,
        chance,
      },
      within(alive, ground.compareMs ?? compareMsDefault),
    );
    return weigh(checks, report, twin);
  };
}

/** One server under way, for one copy. */
interface Scratch {
  readonly server: PrivateServer;
  readonly ground: ScratchGround;
  readonly wish: TryOutWish;
}

/** Only of what is loaded whole is progress told: the twin is a means of the comparison. */
async function loadInto(
  { server, ground, wish }: Scratch,
  image: Image,
  { database, content }: { readonly database: string; readonly content: "all" | "structure" },
  wait: Waiting,
): Promise<LoadReport> {
  const { jobs, chance } = ground;
  const told = content === "all" ? { onProgress: onLoad } : {};
  function onLoad({ phase, bytesDone }: { readonly phase: string; readonly bytesDone: number }): void {
    wish.onProgress(phase, bytesDone);
  }
  const destination = { side: "scratch", admin: server.address, database, create: true } as const;
  return load(image, destination, { jobs, content, chance, ...told }, wait);
}

/** Kinds of the census whose code a server without walls must not be given (trap 20). */
const hazards: ReadonlyMap<string, string> = new Map([
  ["foreign server", "a foreign server"],
  ["event trigger", "an event trigger"],
  ["language", "a language"],
]);
/** Languages that may do whatever the server's user may; by custom their names end so. */
const untrustedLanguage = /^pl.*u$/;

async function demandIsolation({ isolation }: PrivateServer, image: Image, wait: Waiting): Promise<void> {
  if (isolation.ownUser && isolation.noNetwork) return;
  const { census, extensions } = image.fingerprint;
  const found = new Set([
    ...census.flatMap(({ kind, count }) => (count > 0 ? (hazards.get(kind) ?? []) : [])),
    ...extensions
      .filter(({ name }) => untrustedLanguage.test(name))
      .map(({ name }) => `the language ${name}`),
    // What is counted is the word of whoever made the backup, as the archive is; but it is the archive that is run.
    ...mightyEntries(await readSchemaArchive(image, wait)),
  ]);
  if (found.size === 0) return;
  const lacks = [
    ...(isolation.ownUser ? [] : ["a user of its own"]),
    ...(isolation.noNetwork ? [] : ["a network namespace"]),
  ];
  throw new Failure(
    "scratch/isolation",
    `the backup holds ${[...found].join(", ")}, and scratch lacks ${lacks.join(" and ")} here`,
  );
}

/**
 * What the load met, told among the checks. Where this machine lacked something, a difference may be
 * the machine's and refutes nothing, unless no lack explains it; where the data could not be loaded, that is a finding.
 */
export function weigh(
  checks: readonly CheckResult[],
  report: LoadReport,
  twin: LoadReport | null,
): TryOutResult {
  const notes = report.notes;
  const lacking = lackingParts(report, twin);
  const [first] = lacking;
  if (first !== undefined) {
    const reason = `this server could not take ${String(lacking.length)} part${lacking.length === 1 ? "" : "s"} of the backup, first ${first.subject}${stateOf(first)}`;
    const unsure = checks.map((check) => (check.outcome === "failed" ? doubted(check, reason) : check));
    return { checks: orInconclusive(unsure, reason), notes: [...notes, ...notesOf(lacking)] };
  }
  const findings = report.problems.map(({ subject, message, sqlState }): Finding => ({
    subject,
    difference: message,
    ...(sqlState === undefined ? {} : { sqlState }),
  }));
  return { checks: checks.map((check) => withLoadFindings(check, findings)), notes };
}

/** What this machine could not take, each part once, though the twin was refused it as well. */
function lackingParts(report: LoadReport, twin: LoadReport | null): readonly LoadProblem[] {
  const met = [...report.problems, ...(twin?.problems ?? [])].filter(({ kind }) => kind === "machine");
  return [...new Map(met.toReversed().map((one) => [one.subject, one])).values()].toReversed();
}

/** What was found all the same stays told, for it need not be the machine's fault. */
function doubted(check: CheckResult, reason: string): CheckResult {
  const certain = check.findings.filter((finding) => isCertain(check, finding));
  if (certain.length > 0) return failed(check.name, check.compared, certain);
  const number = `${String(check.findings.length)} difference${check.findings.length === 1 ? "" : "s"}`;
  return { ...notRun(check.name, "machine", `${reason}; ${number} found`), findings: check.findings };
}

/** A sequence that is there has the value that was set; what was not loaded is absent, and the archive was never loaded at all. */
function isCertain({ name }: CheckResult, { difference }: Finding): boolean {
  return name === "archive" || (name === "sequences" && difference.startsWith("expected "));
}

/** A part that could not be taken leaves the verdict open even where no check missed it. */
function orInconclusive(checks: readonly CheckResult[], reason: string): readonly CheckResult[] {
  const open = checks.some((check) => check.outcome === "not-run" && check.because === "machine");
  return open
    ? checks
    : checks.map((check) => (check.name === "objects" ? notRun("objects", "machine", reason) : check));
}

function withLoadFindings(check: CheckResult, findings: readonly Finding[]): CheckResult {
  if (check.name !== "objects" || findings.length === 0 || check.because === "machine") return check;
  return failed("objects", check.compared, [...check.findings, ...findings]);
}

function stateOf({ sqlState }: LoadProblem): string {
  return sqlState === undefined ? "" : ` (SQLSTATE ${sqlState})`;
}

/** A tenant that rests on another's schemas may lack hundreds of parts. */
const notedMax = 20;

function notesOf(lacking: readonly LoadProblem[]): readonly string[] {
  const more = lacking.length - notedMax;
  const rest = more > 0 ? [`${String(more)} more parts were not taken`] : [];
  return [...lacking.slice(0, notedMax).map(noteOf), ...rest];
}

/** Notes are shown to whoever verifies, who is not to see rows (trap 34). */
function noteOf({ subject, message, sqlState }: LoadProblem): string {
  const isTelling = sqlState !== undefined && mayTellValues(sqlState);
  return `${subject}: ${isTelling ? `refused, SQLSTATE ${sqlState}` : message}`;
}
