import type { Scope } from "../../model/fingerprint.ts";

/** What a census is asked for beside the scope. */
export interface CensusContext {
  readonly scope: Scope;
  readonly versionNum: number;
}

/** Parts of a query that end in columns kind, catalog, oid, identity, archived; they may use `scopeTables`. */
export type CensusQueries = (context: CensusContext) => readonly string[];
