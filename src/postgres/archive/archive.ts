import { Failure, isFailure, reasonOf } from "../../base/failure.ts";
import { pour } from "../../base/program.ts";
import type { Waiting } from "../../base/waiting.ts";
import type { Scope } from "../../model/fingerprint.ts";
import { programEnvironment } from "../session/address.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import type { Programs } from "../server/programs.ts";
import { quoteIdent } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import { spelling } from "../session/settings.ts";
import { silenceLimitsOf } from "../session/silence.ts";
import { laterSettings } from "../session/startup.ts";
import { watchProgram } from "./watch-program.ts";

interface ArchiveRequest {
  readonly address: ServerAddress;
  readonly scope: Scope;
  readonly snapshotId: string;
  readonly lockTimeoutMs: number;
  readonly programs: Programs;
  /**
   * Over which pg_dump is looked after, and whose snapshot it reads in; of the same login. The session is in no
   * transaction, in which the server tells of others what it told the first time.
   */
  readonly beside: { readonly session: Session; readonly holderPid: number };
}

/** Larger schemas are refused rather than held in memory: 512 MiB, some hundred thousand tables. */
const archiveBytesMax = 512 << 20;

/**
 * The schema archive of the scope in the given snapshot: `pg_dump -Fc --create --schema-only`, whole.
 * Returned only if pg_dump ended well and warned of nothing that we do not know (trap 9). Waiting for
 * a lock longer than allowed is "source/busy"; a connection of pg_dump's that died in silence is "source/lost".
 */
export async function dumpSchema(request: ArchiveRequest, wait: Waiting): Promise<Buffer> {
  const { address, programs, beside } = request;
  const name = `holdfast dump ${String(beside.holderPid)}`;
  const env = {
    ...programEnvironment(address, { ...laterSettings(programs.versionNum), ...spelling }),
    PGAPPNAME: name,
  };
  const end = new AbortController();
  const whole = { signal: AbortSignal.any([wait.signal, end.signal]) };
  const { output, stderr, pid } = pour({ file: programs.pgDump, args: argumentsOf(request), env }, whole);
  const parts: Buffer[] = [];
  let bytes = 0;
  const watched = { name, pid, printed: () => bytes };
  watchProgram(watched, beside.session, silenceLimitsOf(address), whole).catch((error: unknown) => {
    end.abort(error);
  });
  try {
    for await (const part of output) {
      parts.push(part);
      bytes += part.length;
      if (bytes > archiveBytesMax) {
        throw new Failure(
          "source/unsupported",
          `the schema archive is larger than ${String(archiveBytesMax)} bytes`,
        );
      }
    }
  } catch (error) {
    throw isFailure(error, "program/failed") ? dumpFailure(await stderr, error) : error;
  } finally {
    end.abort();
  }
  const unknown = unknownWarnings(await stderr);
  if (unknown.length > 0) {
    throw new Failure(
      "source/unsupported",
      `pg_dump warned of what may be missing: ${unknown.slice(0, 5).join("; ")}`,
    );
  }
  return Buffer.concat(parts, bytes);
}

function argumentsOf({ scope, snapshotId, lockTimeoutMs }: ArchiveRequest): string[] {
  // Uncompressed, so that an unchanged schema is cut into unchanged chunks.
  const common = [
    "--format=custom",
    "--compress=0",
    "--create",
    "--schema-only",
    // Statements are UTF-8 whatever the database is; only rows travel in its encoding (trap 5).
    "--encoding=UTF8",
    "--no-password",
    "--strict-names",
  ];
  const reading = [`--snapshot=${snapshotId}`, `--lock-wait-timeout=${String(Math.max(1, lockTimeoutMs))}`];
  const schemas =
    scope.kind === "schemas" ? scope.schemas.map((schema) => `--schema=${patternOf(schema)}`) : [];
  return [...common, ...reading, ...schemas];
}

/** A quoted pattern of pg_dump means exactly the name in it. */
function patternOf(name: string): string {
  return quoteIdent(name);
}

/** What pg_dump may say and nothing is missing, or what is missing is listed by the fingerprint. */
const known: readonly RegExp[] = [
  // Only the order of rows is at stake, which are not pg_dump's business here.
  /circular foreign-key constraints/,
  /You might not be able to restore the dump without using --disable-triggers/,
  /Consider using a full dump instead of a --data-only dump/,
  // Listed as omitted.
  /subscriptions not dumped because current user is not a superuser/,
];

/** Lines of pg_dump's standard error that are not on the list; `detail:` lines of a known warning are. */
export function unknownWarnings(stderr: string): string[] {
  let isKnown = false;
  return stderr.split("\n").filter((line) => {
    if (line.trim() === "") return false;
    if (/^pg_dump: (?:detail|hint):/.test(line)) return !isKnown;
    isKnown = known.some((pattern) => pattern.test(line));
    return !isKnown;
  });
}

function dumpFailure(stderr: string, error: Failure): Failure {
  const options = { cause: error };
  const said = stderr.trim().split("\n").slice(0, 3).join("; ");
  if (/lock timeout|statement timeout|could not obtain lock/.test(stderr)) {
    return new Failure("source/busy", "pg_dump waited too long for a lock", options);
  }
  if (/permission denied|row-level security|must be owner/.test(stderr)) {
    return new Failure("source/permission", `pg_dump may not read the schema: ${said}`, options);
  }
  if (/server version mismatch/.test(stderr)) return new Failure("source/version", reasonOf(error), options);
  if (/(?:relation|schema) .* does not exist/.test(stderr)) {
    return new Failure("source/changed", `something was renamed or dropped: ${said}`, options);
  }
  if (/no matching schemas/.test(stderr)) return new Failure("source/absent", reasonOf(error), options);
  if (
    /server closed the connection|terminating connection|connection to server|invalid snapshot|snapshot .*does not exist/.test(
      stderr,
    )
  ) {
    return new Failure("source/lost", `pg_dump lost its connection: ${said}`, options);
  }
  return error;
}
