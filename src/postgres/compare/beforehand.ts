import type { Census, DatabaseFingerprint, Definition, RoleFingerprint } from "../../model/fingerprint.ts";
import type { TocEntry } from "../archive/toc.ts";
import type { Incomparable } from "./comparable.ts";

/** The restored database's, with the table of contents where something differs. */
export interface FoundDefinitions {
  readonly definitions: readonly Definition[];
  readonly entries: readonly TocEntry[];
  /** As of `Restored`. */
  readonly existed?: boolean;
}

/** What is read by the administrator before the comparing login exists, which itself alters roles and privileges. */
export interface Beforehand {
  readonly database: DatabaseFingerprint;
  readonly roles: readonly RoleFingerprint[];
  /** Null where it cannot be compared. */
  readonly census: Census | null;
  /** Kinds of the census that the administrator, who is no superuser, is not shown whole. */
  readonly hidden: ReadonlySet<string>;
  /** Null where they cannot be compared, or the backup knows none. */
  readonly definitions: FoundDefinitions | null;
  readonly incomparable: Incomparable;
}
