import type { Chance } from "../../base/chance.ts";
import type { Waiting } from "../../base/waiting.ts";
import type { Fingerprint } from "../../model/fingerprint.ts";
import type { Image, ServerAddress } from "../image.ts";
import type { Session } from "../session.ts";
import type { TocEntry } from "../toc.ts";
import type { Ledger } from "./report.ts";

export type LoadPhase = "roles" | "schema" | "rows" | "large-objects" | "indexes" | "derived" | "grants";

export interface LoadDestination {
  readonly side: "scratch" | "target";
  /** A login that may create databases and roles, and the database to connect to first. On scratch a superuser. */
  readonly admin: ServerAddress;
  readonly database: string;
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
  readonly onProgress?: (progress: { readonly phase: LoadPhase; readonly bytesDone: number }) => void;
}

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
  /** A session of the temporary login in the database. */
  readonly openLoader: () => Promise<Session>;
  /** The database's own search_path, as stored. */
  readonly ownSearchPath: string;
  readonly ledger: Ledger;
  readonly wait: Waiting;
}

export function tell(context: LoadContext, phase: LoadPhase): void {
  context.options.onProgress?.({ phase, bytesDone: context.ledger.bytes });
}
