/** A tenant read from a source, loaded into scratch beside its empty twin, and compared, all in memory. */
import { systemChance } from "../../src/base/chance.ts";
import { judge, passed, type CheckResult } from "../../src/model/check.ts";
import type { Verdict } from "../../src/model/glossary.ts";
import { compare } from "../../src/postgres/compare/compare.ts";
import type { CompareOptions, Restored } from "../../src/postgres/compare/restored.ts";
import type { Image } from "../../src/postgres/image.ts";
import type { LoadReport } from "../../src/postgres/load/report.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { findPrograms } from "../../src/postgres/server/programs.ts";
import { loadInto } from "./loaded.ts";
import { testWait } from "./postgres-server.ts";

interface RoundTrip {
  readonly report: LoadReport;
  readonly checks: readonly CheckResult[];
  readonly verdict: Verdict;
}

/** Into the databases `name` and `name_twin` of the scratch server, which are left standing. */
export async function provenIn(
  scratch: PrivateServer,
  image: Image,
  name: string,
  change: Partial<CompareOptions> = {},
): Promise<RoundTrip> {
  const report = await loadInto(scratch, image, { destination: { database: name } });
  const twin = `${name}_twin`;
  const restored: Restored = {
    side: "scratch",
    admin: { ...scratch.address, database: name },
    twin: async () => {
      await loadInto(scratch, image, { destination: { database: twin }, options: { content: "structure" } });
      return { ...scratch.address, database: twin };
    },
  };
  const checks = await compareIn(restored, image, scratch.binFolder, change);
  return { report, checks, verdict: judge([passed("copy", 1, ""), ...checks]) };
}

export async function compareIn(
  restored: Restored,
  image: Image,
  binFolder: string,
  change: Partial<CompareOptions> = {},
): Promise<CheckResult[]> {
  const options: CompareOptions = {
    jobs: 2,
    programs: await findPrograms([binFolder], null, testWait()),
    assertions: [],
    assertionLimitMs: 60_000,
    indexes: restored.side === "scratch",
    onlyTables: null,
    chance: systemChance,
    ...change,
  };
  return compare(restored, image, options, testWait());
}

/** What did not pass, without what was rightly not looked at. */
export function troubles(checks: readonly CheckResult[]): unknown[] {
  return checks
    .filter(({ outcome, because }) => outcome === "failed" || because === "machine")
    .map(({ name, outcome, detail, findings }) => ({ name, outcome, detail, findings }));
}
