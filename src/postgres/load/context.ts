import type { Chance } from "../../base/chance.ts";
import type { Waiting } from "../../base/waiting.ts";
import type { Fingerprint } from "../../model/fingerprint.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import type { Image } from "../image.ts";
import type { Session } from "../session/session.ts";
import type { TocEntry } from "../archive/toc.ts";
import type { CodeBehind } from "./statements/admin-may.ts";
import type { Former } from "./former.ts";
import type { KeyPart } from "./keys/keys-of-partitions.ts";
import type { Ledger } from "./report.ts";

export type LoadPhase = "roles" | "schema" | "rows" | "large-objects" | "indexes" | "derived" | "grants";

export interface LoadDestination {
  readonly side: "scratch" | "target";
  /** A login that may create databases and roles, and the database to connect to first. On scratch a superuser. */
  readonly admin: ServerAddress;
  readonly database: string;
  /** Others have databases on the target, and nothing of this one's is to reach them or the server. */
  readonly shared?: boolean;
  /** Make the database; otherwise it exists and is empty, which the caller has seen to. */
  readonly create: boolean;
}

export interface LoadOptions {
  /** Connections that load side by side. */
  readonly jobs: number;
  /** `structure` loads no row, large object or sequence value: the empty twin. */
  readonly content: "all" | "structure";
  /** Only these tables and what they need; everything when absent. */
  readonly tables?: readonly { readonly schema: string; readonly name: string }[];
  readonly chance: Chance;
  /** How long and how much the tenant's code may take; `generousLimits` when absent. */
  readonly limits?: LoadLimits;
  /**
   * The name of the temporary login, for a target that is compared afterwards: the login stays until `forgetLoad`,
   * of no use to anybody but to tell that this was not done yet.
   */
  readonly keptUntilCompared?: string;
  readonly onProgress?: (progress: { readonly phase: LoadPhase; readonly bytesDone: number }) => void;
}

/** A function of the tenant's may run for ever, and a view fill the disk. */
export interface LoadLimits {
  /** For one statement; what takes longer is a problem, and the load goes on. */
  readonly statementMs: number;
  /** For the whole load, which ends with "wait/expired". */
  readonly loadMs: number;
  /** For temporary files of one session, on scratch. */
  readonly temporaryBytes: number;
}

/** Beyond what a load of some terabytes needs. */
export const generousLimits: LoadLimits = {
  statementMs: 12 * 3_600_000,
  loadMs: 96 * 3_600_000,
  temporaryBytes: 200_000_000_000,
};

/** What every step of a load shares. */
export interface LoadContext {
  readonly image: Image;
  readonly fingerprint: Fingerprint;
  readonly destination: LoadDestination;
  readonly options: LoadOptions;
  /** Of the archive, those that are to be loaded, in its order. */
  readonly entries: readonly TocEntry[];
  /** In the database that is loaded; opened before any tenant code was there, and never runs any. */
  readonly admin: Session;
  readonly adminIsSuperuser: boolean;
  /** Name of the temporary login. */
  readonly loader: string;
  /**
   * A session of the administrator for the scripts of extensions. To some of them the `search_path` that a session
   * begins with is what the database has, and they set that with their own schema added.
   */
  readonly openForScripts: () => Promise<Session>;
  /** A session of the temporary login in the database. */
  readonly openLoader: () => Promise<Session>;
  /** Statements to put before each one of the loader's; `searchPath` as the setting is stored. */
  readonly preamble: (searchPath: string, tableAm?: string) => string;
  readonly standardStrings: boolean;
  /** Keys of partitioned tables that cannot be loaded as the archive has them, by number of their entries. */
  readonly keyParts: ReadonlyMap<number, KeyPart>;
  /** Of a database that was there before; null for one that this load made. */
  readonly former: Former | null;
  /** Asked for once, and again after a language or a wrapper was made. */
  readonly codeBehind: { known: CodeBehind | null; keptSchemas?: CodeBehind["keptSchemas"] };
  /** The database's own search_path, as stored. */
  readonly ownSearchPath: string;
  readonly ledger: Ledger;
  readonly wait: Waiting;
}

export function tell(context: LoadContext, phase: LoadPhase): void {
  context.options.onProgress?.({ phase, bytesDone: context.ledger.bytes });
}
