import type { Census, DatabaseFingerprint, RoleFingerprint } from "../../model/fingerprint.ts";
import { mappingOptions } from "../readings/census-database.ts";
import { readDatabase } from "../readings/database.ts";
import { readRoles } from "../readings/roles.ts";
import { readRestoredCensus } from "./census.ts";
import { incomparable, type Incomparable } from "./comparable.ts";
import { readRestoredDefinitions, type FoundDefinitions } from "./definitions.ts";
import { openExact, type Comparison } from "./restored.ts";

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

export async function readBeforehand(comparison: Comparison): Promise<Beforehand> {
  const { restored, fingerprint, wait } = comparison;
  await using session = await openExact(restored, restored.admin, wait);
  const named = fingerprint.roles.map(({ name }) => name);
  const why = incomparable(fingerprint, session.versionNum);
  const [me] = await session.query<{ rolsuper: boolean }>(
    "select rolsuper from pg_catalog.pg_roles where rolname = current_user",
  );
  return {
    hidden: new Set(me?.rolsuper === true ? [] : [mappingOptions]),
    incomparable: why,
    roles: await readRoles(session, fingerprint.scope, named),
    database: await readDatabase(session, fingerprint.scope, named),
    census: why.census === null ? await readRestoredCensus(comparison) : null,
    definitions: why.definitions === null ? await readRestoredDefinitions(comparison) : null,
  };
}
