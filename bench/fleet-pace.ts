/**
 * The pace of a real fleet, part of `npm run bench:fleet`: many small tenants on one source, `backup --all` into
 * two directory stores against `xargs -P 2 pg_dump -Fc` into files, by turns in one run. `--tenants 200`
 * says how many, `--keep` keeps the figures.
 */
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cpuOfServer, holdfast, holdfastAtOnce, pgDump, timed } from "./contestants.ts";
import { thisMachine, type Machine } from "./machine.ts";
import { startSmallTenants } from "./small-tenants.ts";
import { writtenIn } from "./written.ts";

interface Turn {
  readonly who: "pg_dump" | "holdfast";
  readonly what: "all tenants" | "all tenants again" | "one tenant" | "one tenant again";
  readonly seconds: number;
  readonly tenantsPerMinute: number;
  /** User and system time of all processes, the server's sessions included: what counts where the machine has other work. */
  readonly cpuSeconds: number;
  readonly writtenBytes: number;
}

interface Pace {
  readonly at: string;
  readonly machine: Machine;
  readonly tenants: number;
  readonly tables: number;
  readonly bytesEach: number;
  readonly turns: readonly Turn[];
  /** Pace of holdfast divided by that of pg_dump; the goal is at least 0.5. */
  readonly paceOfAll: number;
  readonly paceAgain: number;
  /** CPU time of holdfast divided by that of pg_dump. */
  readonly cpuOfAll: number;
  readonly cpuAgain: number;
  /** Seconds of holdfast divided by those of pg_dump; the goal for a first backup is at most 2. */
  readonly oneTenant: number;
  readonly oneTenantAgain: number;
  readonly notes: readonly string[];
}

/** Both by turns, so that what else goes on on the machine falls on both. */
export async function fleetPace(tenants: number): Promise<Pace> {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-pace-"));
  try {
    say(`making ${String(tenants)} tenants`);
    await using fleet = await startSmallTenants(tenants);
    const contestants = { pg_dump: pgDump(fleet, folder, "-Fc"), holdfast: await holdfast(fleet, folder) };
    const turns: Turn[] = [];
    const take = async (who: Turn["who"], what: Turn["what"]): Promise<void> => {
      const names = what.startsWith("one") ? fleet.names.slice(0, 1) : fleet.names;
      const { script, environment, writesInto } = contestants[who](names);
      const before = writtenIn(writesInto).bytes;
      const serverBefore = cpuOfServer(fleet);
      const { seconds, cpuSeconds } = await timed(script, environment, join(folder, "times"));
      turns.push({
        who,
        what,
        seconds,
        tenantsPerMinute: (names.length / seconds) * 60,
        cpuSeconds: cpuSeconds + cpuOfServer(fleet) - serverBefore,
        writtenBytes: writtenIn(writesInto).bytes - before,
      });
      say(`${what}: ${who} took ${seconds.toFixed(2)} s`);
    };
    // Once unmeasured: the first session in a new database makes the server's file of its catalogs.
    const warming = pgDump(fleet, folder, "--schema-only")(fleet.names);
    await timed(warming.script, warming.environment, join(folder, "times"));
    for (const what of ["one tenant", "one tenant again", "all tenants", "all tenants again"] as const) {
      await take("pg_dump", what);
      await take("holdfast", what);
    }
    const figure = (who: Turn["who"], what: Turn["what"], of: "seconds" | "cpuSeconds"): number =>
      turns.find((turn) => turn.who === who && turn.what === what)?.[of] ?? Number.NaN;
    const ratio = (what: Turn["what"], of: "seconds" | "cpuSeconds" = "seconds"): number =>
      figure("holdfast", what, of) / figure("pg_dump", what, of);
    return {
      at: new Date().toISOString(),
      machine: thisMachine(fleet.server.binFolder),
      tenants,
      tables: fleet.tables,
      bytesEach: fleet.bytes,
      turns,
      paceOfAll: 1 / ratio("all tenants"),
      paceAgain: 1 / ratio("all tenants again"),
      cpuOfAll: ratio("all tenants", "cpuSeconds"),
      cpuAgain: ratio("all tenants again", "cpuSeconds"),
      oneTenant: ratio("one tenant"),
      oneTenantAgain: ratio("one tenant again"),
      notes: [
        `holdfast: the program as it is installed, one process, sealing, two directory stores on one disk, every object synced; maxConcurrent ${String(holdfastAtOnce)}.`,
        "pg_dump: xargs -P 2 pg_dump -Fc into plain files that nobody syncs; proves and encrypts nothing.",
        "One tenant includes the start of the program; `again` is a second backup of what did not change.",
      ],
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

const { values } = parseArgs({
  options: { tenants: { type: "string", default: "200" }, keep: { type: "boolean", default: false } },
});
const pace = await fleetPace(Number(values.tenants));
for (const { what, who, tenantsPerMinute } of pace.turns)
  process.stdout.write(`${what}: ${who} ${tenantsPerMinute.toFixed(1)} tenants a minute\n`);
process.stdout.write(
  `pace of holdfast against pg_dump: ${pace.paceOfAll.toFixed(2)} at first, ${pace.paceAgain.toFixed(2)} again\n` +
    `CPU time of holdfast against pg_dump: ${pace.cpuOfAll.toFixed(2)} times at first, ${pace.cpuAgain.toFixed(2)} again\n` +
    `one tenant takes ${pace.oneTenant.toFixed(2)} times as long at first, ${pace.oneTenantAgain.toFixed(2)} again\n`,
);
if (values.keep) {
  const results = join(import.meta.dirname, "results", "fleet-pace.json");
  writeFileSync(results, `${JSON.stringify(pace, null, 2)}\n`);
}
