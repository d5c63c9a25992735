/** `holdfast prune`: remove what no rule keeps, in two steps. */
import { exitCodes, Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import { againstPlanText } from "../desk/against-plan-text.ts";
import { type ClaimDesk, openClaims } from "../desk/claimed.ts";
import type { NotedRun } from "../desk/note-run.ts";
import { pruneTenant, type PruneWish } from "../desk/prune-orders.ts";
import { pruneEnd } from "../desk/run-ends.ts";
import type { PruneReport } from "../retention/report.ts";
import { command, type Exit } from "./frame/command.ts";
import { someOrAll } from "./frame/each-of.ts";
import { reasonText, stopText } from "./retention/keep-text.ts";
import type { Output } from "./frame/output.ts";
import { failureTeller, type TellFailure } from "./frame/tell-failure.ts";
import { count, spellBytes, table } from "./frame/text.ts";

export const prune = command({
  name: "prune",
  usage: "[tenants..]",
  describe: "remove backups that no rule keeps, and a day later what only they needed",
  examples: [
    ["prune acme --dry-run", "say what would be removed, and write nothing"],
    ["prune acme bravo", "two tenants"],
    ["prune --all --json", "everybody, for a script; one that is stopped stops no other"],
    ["prune acme --allow-share 0.6", "more at once than the plan allows, having looked at it"],
  ],
  options: (yargs) =>
    yargs
      .positional("tenants", { type: "string", array: true, describe: "tenants by name" })
      .option("all", { type: "boolean", describe: "every tenant, configured or discovered" })
      .option("dry-run", { type: "boolean", describe: "write nothing, and say what would be done" })
      .option("allow-share", {
        type: "number",
        requiresArg: true,
        describe: "the largest share of the backups to remove, 0 to 1, in place of the plan's",
      }),
  run: async ({ tenants, all, dryRun, allowShare }, context, out) => {
    const wish = { isDry: dryRun === true, shareMax: parseShare(allowShare) };
    const choose = someOrAll(tenants ?? [], all === true);
    await using desk = await context.openDesk();
    const chosen = await choose(desk);
    await using claims = wish.isDry ? null : await openClaims(desk, out, context.wait);
    const tell: TellFailure = chosen.length === 1 ? () => undefined : failureTeller(out);
    const outcomes: PruneOutcome[] = [];
    for (const tenant of chosen) {
      const work = (): Promise<PruneReport> => pruneTenant(desk, tenant, wish, context.wait);
      const alone = claims === null ? work : () => pruneAlone(claims, tenant, work, context.wait);
      outcomes.push(await outcomeOf(tenant, alone, { out, tell }, context.wait));
    }
    const alone = outcomes.length === 1 ? outcomes[0]?.failure : undefined;
    if (alone !== undefined && alone !== null) throw alone;
    out.result(
      outcomes.map(({ tenant, report, failure }) =>
        report === null
          ? { tenant: tenant.id, state: "failed", error: asJson(failure) }
          : { ...report, isDry: wish.isDry },
      ),
      () => text(outcomes, wish),
    );
    return exitOf(outcomes);
  },
});

interface PruneOutcome {
  readonly tenant: Tenant;
  /** Null: it failed. */
  readonly report: PruneReport | null;
  readonly failure: Failure | null;
}

function parseShare(share: number | undefined): number | null {
  if (share === undefined) return null;
  if (share >= 0 && share <= 1) return share;
  throw new Failure("usage/invalid", "--allow-share must be a number from 0 to 1, such as 0.5");
}

/** Beside daemons and other commands: nobody else changes the tenant's objects meanwhile. */
function pruneAlone(
  claims: ClaimDesk,
  tenant: Tenant,
  work: () => Promise<PruneReport>,
  wait: Waiting,
): Promise<PruneReport> {
  const run: NotedRun<PruneReport> = {
    tenant,
    verb: "prune",
    kind: null,
    ends: (report) => [pruneEnd(report)],
    // What one prune had no room for is due still.
    renews: ({ isCut, stops }) =>
      isCut ? null : { kind: "prune", outcome: stops.length === 0 ? "done" : "stopped" },
  };
  return claims.claimed(
    { kind: "tenant-write", tenant: tenant.id },
    () => claims.noted(run, work, wait),
    wait,
  );
}

async function outcomeOf(
  tenant: Tenant,
  work: () => Promise<PruneReport>,
  { out, tell }: { readonly out: Output; readonly tell: TellFailure },
  wait: Waiting,
): Promise<PruneOutcome> {
  try {
    const report = await work();
    for (const one of report.againstPlan) out.say(`warning: ${tenant.id}: ${againstPlanText(one)}`);
    for (const stop of report.stops) out.say(`stopped: ${tenant.id}: ${stopText(stop)}`);
    return { tenant, report, failure: null };
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    tell(tenant.id, error);
    return { tenant, report: null, failure: error };
  }
}

function asJson(failure: Failure | null): object | null {
  if (failure === null) return null;
  const { code, message, hint } = failure;
  return { code, message, hint: hint ?? null };
}

function exitOf(outcomes: readonly PruneOutcome[]): Exit {
  if (outcomes.some(({ failure }) => failure !== null)) return exitCodes.failed;
  const isStopped = outcomes.some(({ report }) => report?.state === "stopped");
  return isStopped ? exitCodes.found : exitCodes.done;
}

function text(outcomes: readonly PruneOutcome[], { isDry }: PruneWish): string {
  if (outcomes.length === 0) return "there are no tenants";
  const reports = outcomes.flatMap(({ report }) => report ?? []);
  const removed = reports.flatMap(({ tenant, removed: gone }) =>
    gone.map((one) => [tenant, one.backup, reasonText(one.reason)]),
  );
  const head = isDry ? ["dry run: nothing was written"] : [];
  const lists =
    removed.length === 0 ? [] : [table(["tenant", isDry ? "would go" : "removed", "because"], removed)];
  return [...head, ...lists, table(columns, reports.map(row))].join("\n");
}

const columns = [
  "tenant",
  "state",
  "backups",
  "removed",
  "condemned",
  "freed",
  "locked",
  "waiting",
  "spared",
];

function row(report: PruneReport): string[] {
  const tally = ({ objects, bytes }: PruneReport["freed"]): string =>
    objects === 0 ? "none" : `${count(objects, "object")}, ${spellBytes(bytes)}`;
  return [
    report.tenant,
    report.state,
    String(report.backups),
    String(report.removed.length),
    tally(report.condemned),
    tally(report.freed),
    tally(report.locked),
    String(report.waiting),
    String(report.spared),
  ];
}
