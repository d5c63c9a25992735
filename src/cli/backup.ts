/** `holdfast backup`: back up tenants now. */
import type { BackupWatch } from "../backup/backup.ts";
import { backupAll, type BackupOutcome } from "../backup/backup-all.ts";
import type { BackupReport } from "../backup/report.ts";
import { exitCodes } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import { backupKinds } from "../model/glossary.ts";
import type { TenantId } from "../model/ids.ts";
import { backupDesk, backupOrder } from "../desk/backup-orders.ts";
import { type ClaimDesk, openClaims } from "../desk/claimed.ts";
import { backupEnd, type RunEnd } from "../desk/run-ends.ts";
import { command, type Exit } from "./frame/command.ts";
import { someOrAll } from "./frame/each-of.ts";
import type { Output } from "./frame/output.ts";
import { failureTeller } from "./frame/tell-failure.ts";
import type { Progress } from "../base/progress.ts";
import { tellRefused } from "./frame/refused-databases.ts";
import { spellBytes, table } from "./frame/text.ts";

export const backup = command({
  name: "backup",
  usage: "[tenants..]",
  describe: "back up tenants now: one consistent snapshot of each, sealed into every store of its plan",
  examples: [
    ["backup acme", "one tenant"],
    ["backup acme bravo --kind weekly", "two of them, as weekly backups"],
    ["backup --all --json", "everybody, for a script; one that fails stops no other"],
  ],
  options: (yargs) =>
    yargs
      .positional("tenants", { type: "string", array: true, describe: "tenants by name" })
      .option("all", { type: "boolean", describe: "every tenant, configured or discovered" })
      .option("kind", {
        choices: backupKinds,
        requiresArg: true,
        default: "manual" as const,
        describe: "what retention takes it for",
      }),
  run: async ({ tenants, all, kind }, context, out) => {
    const choose = someOrAll(tenants ?? [], all === true);
    await using desk = await context.openDesk();
    const chosen = await choose(desk);
    const refused = all === true ? await tellRefused(desk, out) : 0;
    await using claims = await openClaims(desk, out, context.wait);
    const orders = await Promise.all(
      chosen.map(async (tenant) => ({
        ...(await backupOrder(desk, tenant)),
        alone: (work: () => Promise<BackupReport>) => {
          const run = { tenant, verb: "backup", kind, ends } as const;
          return alone(claims, tenant, () => claims.noted(run, work, context.wait), context.wait);
        },
      })),
    );
    using watch = new Bars(out);
    const verb = await backupDesk(desk, watch, (line) => out.say(line));
    const outcomes = await backupAll(verb, orders, kind, context.wait);
    tellFailures(outcomes, out);
    const reports = outcomes.map(({ report }) => report);
    out.result(reports, () => text(reports));
    return exitOf(outcomes, refused);
  },
});

function ends(report: BackupReport): readonly RunEnd[] {
  return [backupEnd(report)];
}

/** Beside daemons and other commands: one backup of a tenant at a time, and so many of a source as it bears. */
function alone<T>(
  claims: ClaimDesk,
  { id, source }: Tenant,
  work: () => Promise<T>,
  wait: Waiting,
): Promise<T> {
  const place = { kind: "source", source: source.name, places: source.maxConcurrent } as const;
  const dump = (): Promise<T> => claims.claimed(place, work, wait);
  return claims.claimed({ kind: "tenant-write", tenant: id }, dump, wait);
}

function tellFailures(outcomes: readonly BackupOutcome[], out: Output): void {
  const tell = failureTeller(out);
  for (const { report, failure } of outcomes) if (failure !== null) tell(report.tenant, failure);
}

/** One tenant's failure says how the command ends; of several the reports tell them apart. */
function exitOf(outcomes: readonly BackupOutcome[], refused: number): Exit {
  const failures = outcomes.flatMap(({ failure }) => failure ?? []);
  const [first] = failures;
  if (first !== undefined) {
    const codes: readonly Exit[] = Object.values(exitCodes);
    return (
      (outcomes.length === 1 ? codes.find((code) => code === first.exit) : undefined) ?? exitCodes.failed
    );
  }
  const degraded = refused > 0 || outcomes.some(({ report }) => report.state === "degraded");
  return degraded ? exitCodes.degraded : exitCodes.done;
}

/** A bar for every tenant whose snapshot is being read. */
class Bars implements BackupWatch, Disposable {
  readonly #out: Output;
  readonly #bars = new Map<TenantId, Progress>();

  constructor(out: Output) {
    this.#out = out;
  }

  readonly opened: BackupWatch["opened"] = ({ tenant }, estimatedBytes) => {
    this.#bars.set(tenant, this.#out.progress(tenant, estimatedBytes));
  };

  readonly reading: BackupWatch["reading"] = ({ tenant }, title) => {
    this.#bars.get(tenant)?.phase(title);
  };

  readonly read: BackupWatch["read"] = ({ tenant }, bytes) => {
    this.#bars.get(tenant)?.advance(bytes);
  };

  readonly ended: BackupWatch["ended"] = ({ tenant }) => {
    this.#bars.get(tenant)?.[Symbol.dispose]();
    this.#bars.delete(tenant);
  };

  readonly startingAnew: BackupWatch["startingAnew"] = ({ tenant }, reason) => {
    this.#out.say(`${tenant}: starts anew: ${reason}`);
  };

  [Symbol.dispose](): void {
    for (const bar of this.#bars.values()) bar[Symbol.dispose]();
  }
}

function text(reports: readonly BackupReport[]): string {
  if (reports.length === 0) return "there are no tenants";
  return table(
    ["tenant", "backup", "state", "tables", "rows", "read", "uploaded", "reused", "seconds", "copies"],
    reports.map((report) => [
      report.tenant,
      report.backup ?? "none",
      report.state,
      String(report.tables),
      String(report.rows),
      spellBytes(report.plainBytes),
      spellBytes(report.uploadedBytes),
      spellBytes(report.reusedBytes),
      report.seconds.toFixed(1),
      Object.entries(report.copies)
        .map(([store, { state }]) => `${store} ${state}`)
        .join(", "),
    ]),
  );
}
