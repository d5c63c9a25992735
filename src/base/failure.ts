/**
 * Failures: what stopped us from doing or from looking.
 *
 * A broken backup is a *finding* (data, see `src/model/check.ts`); a broken machine, network,
 * permission or configuration is a `Failure`. This table is the one place that says, for every
 * code, how the command line exits and whether trying again can help.
 */

/** How a command ends; the numbers are the exit codes of the command line. */
export const exitCodes = {
  done: 0,
  failed: 1,
  usage: 2,
  found: 3,
  degraded: 4,
  nothing: 5,
  refused: 6,
  cancelled: 130,
} as const;

interface FailureKind {
  readonly exit: (typeof exitCodes)[keyof typeof exitCodes];
  readonly retryable: boolean;
  /** What to try, where nothing more exact is known at the place that fails. */
  readonly hint?: string;
}

const kinds = {
  "usage/invalid": { exit: 2, retryable: false, hint: "--help shows the command with examples" },
  "config/invalid": { exit: 2, retryable: false, hint: "`holdfast config check` lists every problem" },
  "config/missing": { exit: 2, retryable: false, hint: "`holdfast init` writes a working holdfast.yaml" },
  "tenant/unknown": { exit: 2, retryable: false, hint: "`holdfast tenants` lists them" },

  "store/unreachable": { exit: 1, retryable: true, hint: "is the endpoint right, and up?" },
  "store/refused": {
    exit: 1,
    retryable: false,
    hint: "`holdfast stores check` shows what the store permits",
  },
  "store/full": { exit: 1, retryable: false, hint: "make room in the store" },
  "store/exists": { exit: 1, retryable: false },
  "store/absent": { exit: 1, retryable: false },
  "store/clock": { exit: 1, retryable: false, hint: "set the clocks of host and store by NTP" },
  "store/corrupt": { exit: 3, retryable: false },
  "store/unsuitable": { exit: 6, retryable: false, hint: "`holdfast stores check` says what is missing" },
  "store/protocol": {
    exit: 1,
    retryable: false,
    hint: "is the endpoint that of an S3 service, and does nothing in between alter its answers?",
  },
  "store/quorum": { exit: 1, retryable: true, hint: "`holdfast stores check` shows which stores are down" },

  "keys/identity": { exit: 1, retryable: false, hint: "is keys.identity the identity of this host?" },
  "keys/signature": { exit: 3, retryable: false, hint: "keys.trusted names who may sign what" },
  "keys/role": { exit: 6, retryable: false, hint: "the identity of this host lacks the role" },
  "sealing/damaged": { exit: 3, retryable: false },
  "format/unknown": { exit: 1, retryable: false, hint: "a newer Holdfast may have written this" },
  "format/invalid": { exit: 3, retryable: false },

  "source/unreachable": {
    exit: 1,
    retryable: true,
    hint: "is the URL of the source right, and the server up?",
  },
  "source/login": { exit: 1, retryable: false, hint: "check user and password in the URL of the source" },
  "source/absent": { exit: 1, retryable: false, hint: "does the database exist on that source?" },
  "source/permission": { exit: 1, retryable: false, hint: "grant the backup role pg_read_all_data" },
  "source/version": { exit: 1, retryable: false },
  "source/pooler": { exit: 1, retryable: false, hint: "connect to PostgreSQL itself, not through a pooler" },
  "source/busy": {
    exit: 1,
    retryable: true,
    hint: "a migration holds or waits for a lock; try again after it",
  },
  "source/lost": { exit: 1, retryable: true, hint: "the connection to the source broke; try again" },
  "source/changed": { exit: 1, retryable: true, hint: "tables kept changing while the snapshot was taken" },
  "source/failed": {
    exit: 1,
    retryable: false,
    hint: "the server of the source refused or failed a statement; see the cause",
  },
  "source/unsupported": { exit: 1, retryable: false },
  "source/clock": { exit: 1, retryable: false, hint: "set the clocks of host and source by NTP" },

  "program/missing": { exit: 1, retryable: false, hint: "scripts/setup installs what Holdfast needs" },
  "program/failed": { exit: 1, retryable: false },
  "program/unstarted": { exit: 1, retryable: true, hint: "do the limits of this host leave room for it?" },
  "scratch/start": { exit: 1, retryable: false, hint: "`holdfast doctor` examines the scratch server" },
  "scratch/room": { exit: 1, retryable: true, hint: "scratch needs room for one restored tenant" },
  "scratch/isolation": {
    exit: 1,
    retryable: false,
    hint: "run Holdfast as root, or on a kernel that lets it make a network namespace",
  },
  "scratch/lost": { exit: 1, retryable: true },
  "target/unreachable": {
    exit: 1,
    retryable: true,
    hint: "is the URL given to --to right, and the server up?",
  },
  "target/login": { exit: 1, retryable: false, hint: "check user and password in the URL given to --to" },
  "target/absent": { exit: 1, retryable: false, hint: "does the database exist on the target?" },
  "target/permission": { exit: 1, retryable: false, hint: "the login given to --to lacks a right" },
  "target/lost": { exit: 1, retryable: true, hint: "the connection to the target broke" },
  "target/busy": { exit: 1, retryable: true, hint: "somebody else works in the target database" },
  "target/room": { exit: 1, retryable: false, hint: "make room on the target server" },
  "target/occupied": { exit: 6, retryable: false, hint: "name a database that is absent or empty" },
  "target/unsuitable": { exit: 6, retryable: false, hint: "--plan-only lists what the target lacks" },
  "load/failed": { exit: 1, retryable: false },

  "backup/unknown": { exit: 2, retryable: false, hint: "`holdfast list` shows the backups" },
  "backup/none": {
    exit: 5,
    retryable: false,
    hint: "`holdfast verify` proves a copy; --allow-unproven --reason restores one unproven",
  },
  "backup/overtaken": {
    exit: 1,
    retryable: true,
    hint: "objects it was reusing went away meanwhile; the backup starts anew",
  },
  "backup/old": { exit: 6, retryable: false },
  "catalog/unreachable": {
    exit: 1,
    retryable: true,
    hint: "is the catalog's server up? the stores hold all that a restore needs",
  },
  "catalog/failed": {
    exit: 1,
    retryable: false,
    hint: "the catalog refused or failed a statement; see the cause",
  },
  "catalog/older": {
    exit: 1,
    retryable: false,
    hint: "start a daemon of this version, which brings the catalog up to it",
  },
  "catalog/newer": {
    exit: 1,
    retryable: false,
    hint: "a newer Holdfast has migrated the catalog; update this one",
  },
  "catalog/taken": {
    exit: 1,
    retryable: true,
    hint: "somebody else works on this tenant; wait for it or try again",
  },
  "retention/stopped": {
    exit: 3,
    retryable: false,
    hint: "`holdfast retention explain` says why nothing is removed",
  },
  "http/listen": {
    exit: 1,
    retryable: true,
    hint: "does another process listen there? daemon.listen, or --listen of observe, names another address",
  },
  "policy/refused": { exit: 6, retryable: false },
  "wait/expired": { exit: 1, retryable: true },
  "wait/cancelled": { exit: 130, retryable: false },
  "internal/bug": { exit: 1, retryable: false, hint: "please report this" },
} as const satisfies Record<string, FailureKind>;

export type FailureCode = keyof typeof kinds;

interface FailureOptions {
  readonly cause?: unknown;
  readonly hint?: string;
}

/** Message in lower case, without a full stop: `new Failure("store/unreachable", "put … to frankfurt", { cause })`. */
export class Failure extends Error {
  readonly code: FailureCode;
  readonly hint: string | undefined;

  constructor(code: FailureCode, message: string, options: FailureOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = "Failure";
    this.code = code;
    const kind: FailureKind = kinds[code];
    this.hint = options.hint ?? kind.hint;
  }

  get retryable(): boolean {
    return kinds[this.code].retryable;
  }

  get exit(): number {
    return kinds[this.code].exit;
  }
}

export function isFailure(error: unknown, code?: FailureCode): error is Failure {
  return error instanceof Failure && (code === undefined || error.code === code);
}

/**
 * The failure that anything thrown stands for; what is none of ours is a bug. Of a SuppressedError, which `await using`
 * throws where putting back fails as well, it is the one that came first.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failure) return error;
  // By name: where the runtime has no such class, what `await using` became brings one of its own.
  if (error instanceof Error && error.name === "SuppressedError" && "suppressed" in error)
    return failureOf(error.suppressed);
  return new Failure("internal/bug", reasonOf(error), { cause: error });
}

/** The message of anything that was thrown. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
