import { mappingOptions } from "../readings/census-database.ts";
import { readDatabase } from "../readings/database.ts";
import { readRoles } from "../readings/roles.ts";
import type { Beforehand } from "./beforehand.ts";
import { readRestoredCensus } from "./census.ts";
import { incomparable } from "./comparable.ts";
import { readRestoredDefinitions } from "./definitions.ts";
import { openExact, type Comparison } from "./restored.ts";

export async function readBeforehand(comparison: Comparison): Promise<Beforehand> {
  const { restored, fingerprint, wait } = comparison;
  await using session = await openExact(restored, restored.admin, wait);
  const { scope } = fingerprint;
  const named = fingerprint.roles.map(({ name }) => name);
  const why = incomparable(fingerprint, session.versionNum);
  const [me] = await session.query<{ rolsuper: boolean }>(
    "select rolsuper from pg_catalog.pg_roles where rolname = current_user",
  );
  return {
    hidden: new Set(me?.rolsuper === true ? [] : [mappingOptions]),
    incomparable: why,
    roles: await readRoles(session, fingerprint.scope, named),
    database: await readDatabase(session, scope, scope.kind === "database" ? null : named),
    census: why.census === null ? await readRestoredCensus(comparison) : null,
    definitions: why.definitions === null ? await readRestoredDefinitions(comparison) : null,
  };
}
