/** `holdfast verify`: restore copies into scratch, compare them with their source, sign proofs. */
import { exitCodes, Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import { type ClaimDesk, openClaims } from "../desk/claimed.ts";
import type { VerifyReport } from "../verify/report.ts";
import { type RunEnd, verifyEnd } from "../desk/run-ends.ts";
import { verifyTenant } from "../desk/verify-orders.ts";
import { command, type Exit } from "./frame/command.ts";
import { eachOf, titled } from "./frame/each-of.ts";
import { parseTenant } from "./frame/parse-tenant.ts";
import { tellRefused } from "./frame/refused-databases.ts";
import { table } from "./frame/text.ts";

export const verify = command({
  name: "verify",
  usage: "[tenant]",
  describe: "prove copies: restore each into a scratch server, compare it bit for bit, sign the verdict",
  examples: [
    ["verify acme", "the newest backup, every copy of it"],
    ["verify acme --backup 20261121T013000Z-k7f3qa --store frankfurt", "one copy"],
    ["verify --all --json", "the newest backup of every tenant, for a script"],
  ],
  options: (yargs) =>
    yargs
      .positional("tenant", { type: "string", describe: "the tenant" })
      .option("all", { type: "boolean", describe: "every tenant, configured or discovered" })
      .option("backup", {
        type: "string",
        requiresArg: true,
        default: "latest",
        describe: "the backup, as `list` names it, or latest",
      })
      .option("store", {
        type: "string",
        requiresArg: true,
        default: "all",
        describe: "the store whose copy is proven, or all",
      }),
  run: async ({ tenant, all, backup, store }, context, out) => {
    if ((all === true) === (tenant !== undefined))
      throw new Failure("usage/invalid", "name one tenant, or give --all");
    if (all === true && backup !== "latest")
      throw new Failure("usage/invalid", "--backup names the backup of one tenant; --all has none");
    const named = tenant === undefined ? null : parseTenant(tenant);
    await using desk = await context.openDesk();
    const tenants = named === null ? await desk.tenants() : [await desk.tenant(named)];
    const refused = all === true ? await tellRefused(desk, out) : 0;
    await using claims = await openClaims(desk, out, context.wait);
    const { reports: each, failures } = await eachOf(
      tenants.map(titled),
      async (one) => {
        const work = (): Promise<readonly VerifyReport[]> =>
          verifyTenant(desk, one, { backup, store }, out, context.wait);
        const run = { tenant: one, verb: "verify", kind: null, ends } as const;
        const noted = (): Promise<readonly VerifyReport[]> => claims.noted(run, work, context.wait);
        return alone(claims, one, store, noted, context.wait);
      },
      out,
      context.wait,
    );
    const reports = each.flat();
    const shown = reports.map(withoutValues);
    out.result(shown, () => text(shown));
    return exitOf(reports, failures, refused);
  },
});

function ends(reports: readonly VerifyReport[]): readonly RunEnd[] {
  return reports.map(verifyEnd);
}

/** Beside daemons and other commands: nobody else reads these copies meanwhile. */
function alone<T>(
  claims: ClaimDesk,
  { id, stores }: Tenant,
  wished: string,
  work: () => Promise<T>,
  wait: Waiting,
): Promise<T> {
  const read = stores.filter((store) => wished === "all" || wished === store);
  return read.reduce<() => Promise<T>>(
    (inner, store) => () => claims.claimed({ kind: "tenant-read", tenant: id, store }, inner, wait),
    work,
  )();
}

/** A refuted copy is what an operator must hear of first. */
function exitOf(reports: readonly VerifyReport[], failures: readonly Failure[], refused: number): Exit {
  if (reports.some(({ verdict }) => verdict === "refuted")) return exitCodes.found;
  if (failures.length > 0 && failures.every(({ code }) => code === "backup/none") && reports.length === 0)
    return exitCodes.nothing;
  const undecided = reports.some(
    ({ verdict, proofIn }) => verdict === "inconclusive" || proofIn.length === 0,
  );
  if (failures.length > 0 || undecided) return exitCodes.failed;
  return refused > 0 ? exitCodes.degraded : exitCodes.done;
}

/**
 * Who verifies has no business with rows, and what is printed ends up in logs: what the server said, and
 * what an assertion found, is in the sealed detail beside the proof alone (trap 34).
 */
function withoutValues(report: VerifyReport): VerifyReport {
  const sealed = "told in the sealed detail of the proof";
  return {
    ...report,
    checks: report.checks.map((check) => ({
      ...check,
      findings: check.findings.map((finding) =>
        check.name === "assertions" || finding.sqlState !== undefined
          ? { ...finding, difference: sealed }
          : finding,
      ),
    })),
  };
}

function text(reports: readonly VerifyReport[]): string {
  if (reports.length === 0) return "nothing was verified";
  const summary = table(
    ["tenant", "backup", "store", "verdict", "seconds"],
    reports.map((one) => [one.tenant, one.backup, one.store, one.verdict, one.seconds.toFixed(1)]),
  );
  return [summary, ...reports.map(details)].join("\n\n");
}

function details(report: VerifyReport): string {
  const head = `${report.tenant} ${report.backup} in ${report.store}:`;
  const checks = table(
    ["", "check", "outcome", "detail"],
    report.checks.map(({ name, outcome, detail }) => ["", name, outcome, detail]),
  );
  const failure = report.error === undefined ? [] : [`  error: ${report.error.message}`];
  const remarks = [
    ...report.excluded.map((one) => `  left out: ${one}`),
    ...report.notes.map((one) => `  note: ${one}`),
  ];
  return [head, checks, ...failure, ...remarks].join("\n");
}
