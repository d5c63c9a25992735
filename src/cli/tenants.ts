/** `holdfast tenants`: who is backed up, by which plan, and how fresh the newest backup and proof are. */
import { exitCodes } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import type { Plan } from "../model/plan.ts";
import { tenantStates } from "../repository/states.ts";
import { command } from "./command.ts";
import type { Desk } from "./desk.ts";
import { table } from "./text.ts";

export interface TenantLine {
  readonly tenant: string;
  readonly origin: Tenant["origin"];
  readonly source: string;
  readonly database: string;
  /** Null: the whole database. */
  readonly schemas: readonly string[] | null;
  readonly plan: string;
  readonly schedule: string;
  readonly stores: readonly string[];
  /** Null: none, or not asked for. */
  readonly newestBackup: { readonly backup: string; readonly at: string } | null;
  readonly newestProof: {
    readonly backup: string;
    readonly store: string;
    readonly verdict: string;
    readonly at: string;
  } | null;
  readonly notes: readonly string[];
}

const tenantsAtOnce = 4;

export const tenants = command({
  name: "tenants",
  describe: "list configured and discovered tenants with plan, schedule, newest backup and proof",
  examples: [
    ["tenants", "all of them, asking sources and stores"],
    ["tenants --names-only", "without asking the stores, which takes long when there are many"],
  ],
  options: (yargs) => yargs.option("names-only", { type: "boolean", describe: "do not ask the stores" }),
  run: async ({ namesOnly }, context, out) => {
    await using desk = await context.openDesk();
    const asked = await desk.discovery();
    const all = [...desk.config.tenants.values(), ...asked.tenants];
    const lines = await describeTenants(desk, all, namesOnly === true ? null : context.wait);
    const unreachable = asked.unreachable.map(({ source, failure }) => ({
      source,
      problem: failure.message,
    }));
    for (const { source, problem } of unreachable)
      out.say(`warning: source ${source} could not be asked: ${problem}`);
    for (const { source, database, reason } of asked.refused) {
      out.say(`warning: database ${database} of ${source} is no tenant: ${reason}`);
    }
    out.result({ tenants: lines, refused: asked.refused, unreachable }, () => text(lines));
    return unreachable.length === 0 ? exitCodes.done : exitCodes.degraded;
  },
});

/** A line for every tenant, in order; with a wait the stores are asked for backups and proofs. */
async function describeTenants(
  desk: Desk,
  all: readonly Tenant[],
  wait: Waiting | null,
): Promise<TenantLine[]> {
  const lines = new Map<Tenant, TenantLine>();
  await eachAtOnce(all, tenantsAtOnce, async (tenant) => {
    lines.set(tenant, {
      ...fixedPart(tenant),
      ...(wait === null ? nothingAsked : await fromStores(desk, tenant, wait)),
    });
  });
  return all.flatMap((tenant) => lines.get(tenant) ?? []);
}

type StorePart = Pick<TenantLine, "newestBackup" | "newestProof" | "notes">;

const nothingAsked: StorePart = { newestBackup: null, newestProof: null, notes: [] };

function fixedPart({
  id,
  origin,
  source,
  scope,
  planName,
  plan,
  stores,
}: Tenant): Omit<TenantLine, keyof StorePart> {
  return {
    tenant: id,
    origin,
    source: source.name,
    database: scope.database,
    schemas: scope.kind === "schemas" ? scope.schemas : null,
    plan: planName,
    schedule: scheduleOf(plan),
    stores,
  };
}

function scheduleOf({ schedules: { daily, weekly, timeZone } }: Plan): string {
  const parts = [
    ...(daily === null ? [] : [`daily ${daily.from}`]),
    ...(weekly === null ? [] : [`weekly ${weekly.on} ${weekly.from}`]),
  ];
  return parts.length === 0 ? "none" : `${parts.join(", ")} ${timeZone}`;
}

async function fromStores(desk: Desk, tenant: Tenant, wait: Waiting): Promise<StorePart> {
  const { backups, notes } = await tenantStates(tenant.id, await desk.library(tenant), wait);
  const believed = backups.filter(({ suspect }) => !suspect);
  const newest = believed[0];
  const proofs = believed.flatMap(({ backup, copies }) =>
    Array.from(copies, ([store, { proof }]) => (proof === null ? [] : [{ backup, store, ...proof }])).flat(),
  );
  const newestProof = proofs.toSorted((one, other) => (one.at < other.at ? 1 : -1))[0];
  return {
    newestBackup: newest === undefined ? null : { backup: newest.backup, at: newest.at },
    newestProof: newestProof ?? null,
    notes: notes.map(({ store, note }) => `${store}: ${note}`),
  };
}

function text(lines: readonly TenantLine[]): string {
  if (lines.length === 0) return "there are no tenants";
  return table(
    ["tenant", "plan", "schedule", "newest backup", "newest proof", "notes"],
    lines.map(({ tenant, plan, schedule, newestBackup, newestProof, notes }) => [
      tenant,
      plan,
      schedule,
      newestBackup?.at ?? "none",
      newestProof === null ? "none" : `${newestProof.verdict} ${newestProof.at} in ${newestProof.store}`,
      notes.join("\n"),
    ]),
  );
}
