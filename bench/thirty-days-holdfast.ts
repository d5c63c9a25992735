/** A home of Holdfast that lives through the days: backup, proof of every copy and prune, a fresh desk for each as the commands have it. */
import { execFileSync } from "node:child_process";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { backupAll } from "../src/backup/backup-all.ts";
import type { BackupWatch } from "../src/backup/backup.ts";
import { systemChance } from "../src/base/chance.ts";
import { noProgress } from "../src/base/progress.ts";
import type { Waiting } from "../src/base/waiting.ts";
import { versionIn } from "../src/cli/frame/version.ts";
import { loadConfig } from "../src/config/load-config.ts";
import type { Tenant } from "../src/config/config.ts";
import { backupDesk } from "../src/desk/backup-orders.ts";
import type { Desk } from "../src/desk/desk.ts";
import { pruneTenant } from "../src/desk/prune-orders.ts";
import type { Talk } from "../src/desk/talk.ts";
import { verifyTenant } from "../src/desk/verify-orders.ts";
import type { BenchDatabase } from "./bench-database.ts";
import { DatedClock } from "./dated-clock.ts";
import { type DatedMachine, datedBackupOrder, openDatedDesk } from "./dated-desk.ts";
import { type Contestant, type Keep, names, RequestTally } from "./thirty-days-result.ts";
import { writtenIn } from "./written.ts";

const project = resolve(import.meta.dirname, "..");
const main = join(project, "src/main.ts");
/** Of two stores that hold the same, the one that is counted. */
const counted = "one";
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const stepLimitMs = 600_000;

const note =
  "the code of `backup`, `verify` and `prune`, in one process with a desk of its own for each; time is simulated: the host's clock is set, the source's is shifted as the snapshot tells it, and every file of a store is given the time at which it is written; a backup is proven an hour after it was made, in both stores where the plan wants every copy proven within a day and else in the one whose figures these are, and an hour later the prune runs; what it condemns goes two days later, since the prune of the next day comes seconds before the grace of 24 h is over; figures are those of one of two equal directories, and a listing is a request for every 1,000 keys";

export interface HoldfastDays extends Contestant {
  readonly keep: Keep;
}

export async function holdfastDays(
  database: BenchDatabase,
  folder: string,
  plan: string,
): Promise<HoldfastDays> {
  const env = { ...process.env, HOLDFAST_SOURCE_URL: database.url("postgres") };
  execFileSync(process.execPath, [main, "init", folder, "--tenant", database.name, "--plan", plan], {
    env,
    stdio: ["ignore", "ignore", "inherit"],
  });
  const machine: DatedMachine = {
    clock: new DatedClock(),
    chance: systemChance,
    monotonicMs: () => performance.now(),
    env,
    cwd: folder,
    version: versionIn(project),
    packageFolder: project,
    hostName: hostname(),
    uid: process.getuid?.() ?? -1,
  };
  const config = await loadConfig(join(folder, "holdfast.yaml"), env);
  const configured = config.tenants.values().find(({ id }) => id === database.name);
  if (configured === undefined) throw new Error(`init has made no tenant ${database.name}`);
  const { daily, weekly, monthly, yearly } = configured.plan.retention;
  return {
    who: names.us,
    note,
    keep: { daily, weekly, monthly, yearly },
    day: async (at) => {
      const tally = new RequestTally();
      const step = async <T>(name: string, hour: number, work: Work<T>): Promise<T> => {
        tally.begin(name);
        machine.clock.set(new Date(at.getTime() + hour * hourMs));
        const wait = { signal: AbortSignal.timeout(stepLimitMs) };
        await using desk = await openDatedDesk(
          config,
          machine,
          (store) => (operation, times, bytes) => {
            if (store === counted) tally.count(operation, times, bytes);
          },
          wait,
        );
        return await work(desk, await desk.tenant(database.name), wait);
      };
      await step("backup", 0, (desk, tenant, wait) => backUp(desk, tenant, machine.clock, wait));
      await step("verify", 1, prove);
      const backups = await step("prune", 2, prune);
      const { bytes, objects } = writtenIn([join(folder, "stores", counted)]);
      return {
        storedBytes: bytes,
        objects,
        backups,
        writtenBytes: tally.writtenBytes,
        requests: tally.steps,
      };
    },
  };
}

type Work<T> = (desk: Desk, tenant: Tenant, wait: Waiting) => Promise<T>;

async function backUp(desk: Desk, tenant: Tenant, clock: DatedClock, wait: Waiting): Promise<void> {
  const verb = await backupDesk(desk, unwatched, (line) => talk.say(line));
  const orders = [await datedBackupOrder(desk, tenant, clock)];
  const outcomes = await backupAll(verb, orders, "daily", wait);
  for (const { report, failure } of outcomes) {
    if (failure !== null) throw failure;
    if (report.state !== "complete") throw new Error(`the backup is ${report.state}`);
  }
}

const prove: Work<void> = async (desk, tenant, wait) => {
  const { copies, verification } = tenant.plan;
  const isAll = verification.everyCopyWithin <= dayMs;
  const wish = { backup: "latest", store: isAll ? "all" : counted };
  const reports = await verifyTenant(desk, tenant, wish, talk, wait);
  const proven = reports.filter(({ verdict }) => verdict === "proven");
  if (proven.length === reports.length && proven.length === (isAll ? copies.count : 1)) return;
  throw new Error(`not every copy is proven: ${JSON.stringify(reports)}`);
};

/** Returns how many backups are left. */
const prune: Work<number> = async (desk, tenant, wait) => {
  const report = await pruneTenant(desk, tenant, { isDry: false, shareMax: null }, wait);
  if (report.state !== "pruned") throw new Error(`the prune stopped: ${JSON.stringify(report.stops)}`);
  const { backups, removed, condemned, freed, waiting } = report;
  talk.say(
    `${tenant.plan.title}: ${String(removed.length)} of ${String(backups)} backups go, objects: ${String(condemned.objects)} condemned, ${String(waiting)} waiting, ${String(freed.objects)} removed`,
  );
  return backups - removed.length;
};

const talk: Talk = {
  say: (line) => void process.stderr.write(`  ${line}\n`),
  progress: () => noProgress,
};

const unwatched: BackupWatch = {
  opened: () => undefined,
  reading: () => undefined,
  read: () => undefined,
  ended: () => undefined,
  startingAnew: (_order, reason) => talk.say(`starts anew: ${reason}`),
};
