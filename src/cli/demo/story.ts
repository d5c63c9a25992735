/** The story of the demo, scene by scene; each says what happened and whether it was meant to. */
import { backupAll } from "../../backup/backup-all.ts";
import type { BackupReport } from "../../backup/report.ts";
import { Failure } from "../../base/failure.ts";
import type { Tenant } from "../../config/config.ts";
import type { StoreName, TenantId } from "../../model/ids.ts";
import { expectedIntervalMs } from "../../model/plan.ts";
import { tenantStates } from "../../repository/states.ts";
import { choosePoint } from "../../restore/point.ts";
import { restore, type RestoreReport } from "../../restore/restore.ts";
import type { VerifyReport } from "../../verify/report.ts";
import { backupDesk, backupOrder } from "../../desk/backup-orders.ts";
import type { Context } from "../frame/context.ts";
import type { Desk } from "../../desk/desk.ts";
import type { Output } from "../frame/output.ts";
import { count, spellBytes } from "../frame/text.ts";
import { verifyTenant } from "../../desk/verify-orders.ts";
import { flipOneBit } from "./damage.ts";
import type { Stage } from "./stage.ts";
import { acmeDaySql } from "./tenants.ts";

export interface Scene {
  readonly title: string;
  readonly outcome: string;
  readonly asExpected: boolean;
  readonly seconds: number;
}

type Told = Omit<Scene, "title" | "seconds">;

/** What the scenes are played with. */
interface Props {
  readonly stage: Stage;
  readonly desk: Desk;
  readonly context: Context;
  readonly out: Output;
}

export async function* tellStory(stage: Stage, context: Context, out: Output): AsyncGenerator<Scene> {
  await using desk = await context.openDesk(stage.config);
  const { monotonicMs } = context.machine;
  for (const [title, act] of scenes({ stage, desk, context, out })) {
    out.say(`\n${title}`);
    const startedMs = monotonicMs();
    const told = await act();
    const scene = { title, ...told, seconds: (monotonicMs() - startedMs) / 1000 };
    out.say(
      `  ${scene.asExpected ? "" : "NOT AS EXPECTED: "}${scene.outcome} (${scene.seconds.toFixed(1)} s)`,
    );
    yield scene;
  }
}

type Act = readonly [title: string, play: () => Promise<Told>];

function scenes(props: Props): readonly Act[] {
  const { stage, desk, context } = props;
  const everybody = [...stage.config.tenants.values()];
  const acme = everybody.find(({ id }) => id === "acme");
  const damaged = acme?.stores[0];
  if (acme === undefined || damaged === undefined)
    throw new Failure("internal/bug", "the demo has no tenant acme in a store");
  const ids = everybody.map(({ id }) => id);
  return [
    ["Every tenant is backed up, sealed, to two stores", async () => toldOfBackups(await backUp(props, ids))],
    [
      "Every copy is restored into a scratch PostgreSQL and compared with its source",
      async () => toldOfProofs(await verify(props, everybody), () => "proven"),
    ],
    [
      "A working day at acme, and its next backup: what did not change is not written again",
      async () => {
        await stage.sql("acme", acmeDaySql);
        return toldOfBackups(await backUp(props, [acme.id]));
      },
    ],
    [
      `A disk of store ${damaged} flips one bit in the newest copy of acme`,
      async () => ({
        outcome: `changed one bit of ${shortened(await flipOneBit(desk, acme, damaged, context.wait))}; no listing shows it`,
        asExpected: true,
      }),
    ],
    [
      "Verification refutes the damaged copy and proves the other",
      async () =>
        toldOfProofs(await verify(props, [acme]), (store) => (store === damaged ? "refuted" : "proven")),
    ],
    [
      "Disaster: somebody drops the database of acme",
      async () => {
        const before = await invoices(stage, "acme");
        await stage.sql("postgres", "drop database acme with (force)");
        return {
          outcome: `the database and its ${String(before)} invoices are gone`,
          asExpected: before > 0,
        };
      },
    ],
    [
      "acme comes back from its newest proven copy, compared again after the load",
      async () => toldOfRestore(await bringBack(props, acme.id), await invoices(stage, "acme")),
    ],
  ];
}

/** Each copy of their newest backups. */
async function verify(
  { desk, context, out }: Props,
  tenants: readonly Tenant[],
): Promise<readonly VerifyReport[]> {
  const reports: VerifyReport[] = [];
  for (const tenant of tenants)
    reports.push(
      ...(await verifyTenant(desk, tenant, { backup: "latest", store: "all" }, out, context.wait)),
    );
  return reports;
}

async function backUp(
  { desk, context: { wait }, out }: Props,
  ids: readonly TenantId[],
): Promise<readonly BackupReport[]> {
  const quiet = {
    opened: () => undefined,
    reading: () => undefined,
    read: () => undefined,
    ended: () => undefined,
    startingAnew: () => undefined,
  };
  const orders = await Promise.all(ids.map(async (id) => backupOrder(desk, await desk.tenant(id))));
  const verb = await backupDesk(desk, quiet, (line) => out.say(`  ${line}`));
  const outcomes = await backupAll(verb, orders, "manual", wait);
  for (const { failure } of outcomes) if (failure !== null) throw failure;
  return outcomes.map(({ report }) => report);
}

async function bringBack(
  { stage, desk, context: { machine, wait } }: Props,
  id: TenantId,
): Promise<RestoreReport> {
  const tenant = await desk.tenant(id);
  const library = await desk.library(tenant);
  const { backups } = await tenantStates(id, library, wait);
  const point = choosePoint(
    { tenant: id, allowUnproven: false, notOlderThanMs: null },
    {
      backups,
      stores: tenant.stores,
      now: machine.clock.now(),
      intervalMs: expectedIntervalMs(tenant.plan),
    },
  );
  const { chance, monotonicMs } = machine;
  return restore(
    {
      library,
      opener: desk.sealing(),
      identity: await desk.identity(),
      chance,
      monotonicMs,
      watch: { opened: () => undefined, loading: () => undefined },
    },
    {
      tenant: id,
      point,
      target: stage.addressOf("acme"),
      tables: null,
      shared: false,
      jobs: desk.config.scratch.jobs,
      assertions: tenant.plan.verification.assertions,
      binFolders: desk.binFolders,
    },
    wait,
  );
}

async function invoices(stage: Stage, database: string): Promise<number> {
  const [row] = await stage.sql<{ count: number }>(
    database,
    "select count(*)::int as count from sales.invoice",
  );
  return row?.count ?? 0;
}

function toldOfBackups(reports: readonly BackupReport[]): Told {
  const total = (of: (report: BackupReport) => number): number =>
    reports.reduce((sum, one) => sum + of(one), 0);
  const rows = total((one) => one.rows);
  const [read, written, reused] = [
    total((one) => one.plainBytes),
    total((one) => one.uploadedBytes),
    total((one) => one.reusedBytes),
  ].map(spellBytes);
  return {
    outcome: `${count(reports.length, "backup")}, ${count(rows, "row")}, ${read ?? ""} read, ${written ?? ""} written to each store, ${reused ?? ""} reused`,
    asExpected: reports.every(({ state }) => state === "complete"),
  };
}

function toldOfProofs(
  reports: readonly VerifyReport[],
  expected: (store: StoreName) => VerifyReport["verdict"],
): Told {
  const words = reports.map(({ tenant, store, verdict, checks }) => {
    const passed = checks.filter(({ outcome }) => outcome === "passed").length;
    const failed = checks.find(({ outcome }) => outcome === "failed");
    const why =
      failed === undefined
        ? count(passed, "check passed", "checks passed")
        : `${failed.name}: ${shortened(failed.detail)}`;
    return `${tenant} in ${store} ${verdict} (${why})`;
  });
  return {
    outcome: words.join("\n  "),
    asExpected: reports.length > 0 && reports.every(({ verdict, store }) => verdict === expected(store)),
  };
}

/** Keys carry two digests; their beginnings say enough here. */
function shortened(text: string): string {
  return text.replaceAll(/([0-9a-f]{8})[0-9a-f]{56}/g, "$1…");
}

function toldOfRestore(report: RestoreReport, invoiceCount: number): Told {
  const failed = report.checks.filter(({ outcome }) => outcome === "failed");
  const passed = report.checks.filter(({ outcome }) => outcome === "passed");
  return {
    outcome: `${report.backup} from ${report.from.join(", ")}: ${count(report.rows, "row")}, ${String(invoiceCount)} invoices; ${count(passed.length, "check")} passed, ${String(failed.length)} failed`,
    asExpected: failed.length === 0 && passed.length > 0 && report.proven && invoiceCount > 0,
  };
}
