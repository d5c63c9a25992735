import { DatabaseError } from "pg";
import { Failure } from "../base/failure.ts";
import { orAbort, type Waiting } from "../base/waiting.ts";

/**
 * Runs one piece of work on the catalog. `what` says what is being asked, without values. What the server or the
 * connection throws becomes "catalog/unreachable" where trying again can help, else "catalog/failed"; a
 * `Failure` passes. When the wait ends first, what runs in the server is left to its own time limit.
 */
export async function asked<T>(what: string, wait: Waiting, work: () => Promise<T>): Promise<T> {
  try {
    return await orAbort(start(work), wait);
  } catch (error) {
    throw catalogFailure(what, error);
  }
}

/** A function that throws at once would leave `orAbort` without a promise to look after. */
async function start<T>(work: () => Promise<T>): Promise<T> {
  return work();
}

/** The failure an error of `pg` stands for. The server's own words may hold values, so only its code is told. */
export function catalogFailure(what: string, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const sqlState = sqlStateOf(error);
  if (sqlState === undefined) {
    // Whatever did not come from the server came from the way to it, or is a mistake of ours.
    const reason = errnoOf(error) ?? (error instanceof Error ? error.message : String(error));
    const code = isOfTheWay(error) ? "catalog/unreachable" : "catalog/failed";
    return new Failure(code, `${what}: ${reason}`, { cause: error });
  }
  const passes = passing.has(sqlState) || passing.has(sqlState.slice(0, 2));
  const hint = hints[sqlState] ?? hints[sqlState.slice(0, 2)];
  return new Failure(passes ? "catalog/unreachable" : "catalog/failed", `${what}: SQLSTATE ${sqlState}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
  });
}

/** What passes by itself: a lost connection, a server that starts, stops, fails over, is full or slow. */
const passing = new Set(["08", "53", "57", "58", "25006", "40001", "40P01", "55P03"]);

const hints: Readonly<Record<string, string>> = {
  "28": "check user and password in the URL of the catalog",
  "3D": "make the database of the catalog: createdb holdfast",
  "42501": "the login of the catalog must own its database, or the schema holdfast in it",
  "53100": "make room on the catalog's server",
  "53300": "the catalog's server has no connection left; raise max_connections",
};

function sqlStateOf(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (at instanceof DatabaseError && at.code !== undefined) return at.code;
  }
  return undefined;
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

/** `pg` tells some of its own troubles by words alone. */
function isOfTheWay(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    "syscall" in error ||
    errnoOf(error)?.startsWith("E") === true ||
    /connection terminated|connection ended|not queryable|timeout|has encountered|closed the connection|ssl|certificate/i.test(
      error.message,
    )
  );
}
