import { DatabaseError } from "pg";
import { Failure, reasonOf, type FailureCode } from "../../base/failure.ts";
import type { Side } from "./session.ts";

/** What stopped a statement or a connection, whoever's server it was. */
type Trouble =
  | "unreachable"
  | "login"
  | "absent"
  | "permission"
  | "lost"
  | "busy"
  | "room"
  | "conflict"
  | "pooler"
  | "failed";

const codes: Readonly<Record<Side, Readonly<Record<Trouble, FailureCode>>>> = {
  source: {
    unreachable: "source/unreachable",
    login: "source/login",
    absent: "source/absent",
    permission: "source/permission",
    lost: "source/lost",
    busy: "source/busy",
    room: "source/failed",
    conflict: "source/lost",
    pooler: "source/pooler",
    failed: "source/failed",
  },
  target: {
    unreachable: "target/unreachable",
    login: "target/login",
    absent: "target/absent",
    permission: "target/permission",
    lost: "target/lost",
    busy: "target/busy",
    room: "target/room",
    conflict: "target/busy",
    pooler: "target/unreachable",
    failed: "load/failed",
  },
  scratch: {
    unreachable: "scratch/lost",
    login: "scratch/lost",
    absent: "scratch/lost",
    permission: "load/failed",
    lost: "scratch/lost",
    busy: "load/failed",
    room: "scratch/room",
    conflict: "load/failed",
    pooler: "scratch/lost",
    failed: "load/failed",
  },
};

/** By SQLSTATE, a whole one before its class. What is not here is `failed`. */
const troubles: Readonly<Record<string, Trouble>> = {
  "08": "lost",
  "28": "login",
  "3D": "absent",
  "42501": "permission",
  "40P01": "busy",
  "55P03": "busy",
  "53100": "room",
  "53300": "unreachable",
  "57014": "lost",
  "57P01": "lost",
  "57P02": "lost",
  "57P03": "unreachable",
  "57P05": "lost",
  "25P03": "lost",
  "25P04": "lost",
  "40001": "conflict",
};

const hints: Readonly<Record<string, string>> = {
  "28000": "pg_hba.conf or the role itself refuses this login",
  "40001": "on a standby, raise max_standby_streaming_delay or set hot_standby_feedback=on",
  "53200": "the server is out of memory; with a message about locks, raise max_locks_per_transaction",
  "53300": "the server has no connection left; lower maxConcurrent of the source or raise max_connections",
  "53400": "raise the limit that the message names for this login: ALTER ROLE … SET …",
};

/** Classes whose messages may carry a tenant's values: data exception, constraint violation, RAISE, external routine. */
const tellingClasses = new Set(["22", "23", "P0", "38", "39", "44"]);

/** Whether the server's words for this SQLSTATE may carry a tenant's values. */
export function mayTellValues(sqlState: string): boolean {
  return tellingClasses.has(sqlState.slice(0, 2));
}

/**
 * The failure that an error of `pg` stands for. `what` says what was being done, with names but no
 * values. An error whose message may carry values is named by its SQLSTATE alone; the error itself
 * stays in `cause`.
 */
export function postgresFailure(side: Side, what: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const sqlState = sqlStateOf(error);
  if (sqlState === undefined) {
    const hint = /self[- ]signed|certificate|SSL/i.test(reasonOf(error))
      ? "check sslmode and sslrootcert in the URL"
      : undefined;
    if (/client password must be a (?:non-empty )?string/.test(reasonOf(error))) {
      return new Failure(codes[side].login, `${what}: the server asks for a password, and the URL has none`, {
        cause: error,
      });
    }
    const trouble: Trouble = isConnecting(error) ? "unreachable" : "lost";
    // `write EPIPE` by itself tells nobody what happened.
    const said = trouble === "lost" ? `the connection is lost: ${reasonOf(error)}` : reasonOf(error);
    return new Failure(codes[side][trouble], `${what}: ${said}`, {
      cause: error,
      ...(hint === undefined ? {} : { hint }),
    });
  }
  const trouble = isPooler(error)
    ? "pooler"
    : (troubles[sqlState] ?? troubles[sqlState.slice(0, 2)] ?? "failed");
  const said = mayTellValues(sqlState) ? "" : ` ${reasonOf(error)}`;
  const hint = hints[sqlState];
  return new Failure(codes[side][trouble], `${what}:${said} (SQLSTATE ${sqlState})`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** SQLSTATE of an error of the server, however deep it lies under `cause`; undefined where no server spoke. */
export function sqlStateOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof DatabaseError && at.code !== undefined) return at.code;
  }
  return undefined;
}

/** PostgreSQL itself takes settings from the start; a pooler may refuse them, and our sessions are not safe without. */
function isPooler(error: unknown): boolean {
  return /unsupported startup parameter/.test(reasonOf(error));
}

/** These come from the socket before the server has said a word. */
function isConnecting(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code: unknown = "code" in error ? error.code : undefined;
  const refused = [
    "ECONNREFUSED",
    "ENOTFOUND",
    "EAI_AGAIN",
    "ETIMEDOUT",
    "EHOSTUNREACH",
    "ENETUNREACH",
    "ENOENT",
    "EACCES",
  ];
  return (typeof code === "string" && refused.includes(code)) || error instanceof ConnectingError;
}

/** Wraps what went wrong before the connection stood, where the error alone does not tell. */
export class ConnectingError extends Error {}
