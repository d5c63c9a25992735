/** `holdfast tenants`: who is backed up, by which plan, and how fresh the newest backup and proof are. */
import { exitCodes, type Failure, isFailure } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import { groupedNotes } from "../desk/grouped-notes.ts";
import { knownChoices } from "../desk/known-choices.ts";
import type { TenantId } from "../model/ids.ts";
import type { Plan } from "../model/plan.ts";
import type { TenantChoice } from "../model/schedule.ts";
import { checkChoice } from "../model/schedule/check-choice.ts";
import { spellChoice } from "../model/schedule/choice-text.ts";
import type { BackupEntry } from "../repository/backup-entry.ts";
import { tenantStates } from "../repository/states.ts";
import { command } from "./frame/command.ts";
import { everyTenant } from "./frame/held-tenants.ts";
import type { Output } from "./frame/output.ts";
import type { Desk, SourcesAsked } from "../desk/desk.ts";
import { table } from "./frame/text.ts";

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
  /** The newest that counts: whole in as many stores as the quorum wants. Null: none, or not asked for. */
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
  options: (yargs) =>
    // Not for `tenants schedule`, which asks no store.
    yargs.option("names-only", { type: "boolean", global: false, describe: "do not ask the stores" }),
  run: async ({ namesOnly }, context, out) => {
    await using desk = await context.openDesk();
    const asked = await desk.discovery();
    const all = [...desk.config.tenants.values(), ...asked.tenants];
    const choices = await knownChoices(desk, all, out, context.wait);
    const described = await describeTenants(desk, all, choices, namesOnly === true ? null : context.wait);
    const lines = described.map(({ line }) => line);
    const unreachable = asked.unreachable.map(({ source, failure }) => ({
      source,
      problem: failure.message,
    }));
    for (const { source, problem } of unreachable)
      out.say(`warning: source ${source} could not be asked: ${problem}`);
    if (namesOnly !== true) {
      const isWhole = unreachable.length === 0 && asked.refused.length === 0;
      await tellHeld(desk, { known: all, isWhole }, out, context.wait);
    }
    for (const { source, database, reason } of asked.refused) {
      out.say(`warning: database ${database} of ${source} is no tenant: ${reason}`);
    }
    out.result({ tenants: lines, refused: asked.refused, unreachable }, () =>
      lines.length === 0 ? nobody(asked) : text(lines, namesOnly === true ? "not asked" : "none"),
    );
    const complete = unreachable.length === 0 && described.every(({ asked: all }) => all);
    return complete ? exitCodes.done : exitCodes.degraded;
  },
});

interface KnownTenants {
  readonly known: readonly Tenant[];
  /** Whether every source told all of its tenants. */
  readonly isWhole: boolean;
}

/**
 * Whose backups lie in the stores under no plan, or under one that nobody can tell now: a tenant that was renamed, left
 * out of this configuration, or whose database is gone.
 */
async function tellHeld(
  desk: Desk,
  { known, isWhole }: KnownTenants,
  out: Output,
  wait: Waiting,
): Promise<void> {
  const names = new Set(known.map(({ id }) => id));
  const held = (await everyTenant(desk, out, wait)).filter((id) => !names.has(id));
  if (held.length === 0) return;
  const are = held.length === 1 ? "which is no tenant here" : "which are no tenants here";
  const why = isWhole ? `, ${are}: nothing more is backed up, proven or pruned under such a name` : "";
  out.say(`warning: the stores also hold ${held.join(", ")}${why}; \`holdfast list\` shows their backups`);
}

function nobody({ unreachable }: SourcesAsked): string {
  return unreachable.length === 0
    ? "there are no tenants"
    : "no tenant is known while sources cannot be asked for theirs";
}

interface DescribedTenant {
  readonly line: TenantLine;
  /** Whether every store that was to be asked answered. */
  readonly asked: boolean;
}

/**
 * A line for every tenant, in order; with a wait the stores are asked for backups and proofs. Throws
 * "store/quorum" when no store of any tenant answered.
 */
async function describeTenants(
  desk: Desk,
  all: readonly Tenant[],
  choices: ReadonlyMap<TenantId, TenantChoice>,
  wait: Waiting | null,
): Promise<DescribedTenant[]> {
  const lines = new Map<Tenant, DescribedTenant>();
  const silent: Failure[] = [];
  await eachAtOnce(all, tenantsAtOnce, async (tenant) => {
    const { asked, ...part } = wait === null ? nothingAsked : await storesOrNotes(desk, tenant, silent, wait);
    lines.set(tenant, { line: { ...fixedPart(tenant, choices.get(tenant.id) ?? null), ...part }, asked });
  });
  const [first] = silent;
  if (first !== undefined && silent.length === all.length) throw first;
  return all.flatMap((tenant) => lines.get(tenant) ?? []);
}

type StorePart = Pick<TenantLine, "newestBackup" | "newestProof" | "notes"> & { readonly asked: boolean };

const nothingAsked: StorePart = { newestBackup: null, newestProof: null, notes: [], asked: true };

async function storesOrNotes(
  desk: Desk,
  tenant: Tenant,
  silent: Failure[],
  wait: Waiting,
): Promise<StorePart> {
  try {
    return await fromStores(desk, tenant, wait);
  } catch (error) {
    if (!isFailure(error, "store/quorum") || wait.signal.aborted) throw error;
    silent.push(error);
    return { ...nothingAsked, notes: [error.message], asked: false };
  }
}

function fixedPart(
  { id, origin, source, scope, planName, plan, timeZone, stores }: Tenant,
  choice: TenantChoice | null,
): Omit<TenantLine, keyof StorePart> {
  return {
    tenant: id,
    origin,
    source: source.name,
    database: scope.database,
    schemas: scope.kind === "schemas" ? scope.schemas : null,
    plan: planName,
    schedule: scheduleOf(plan, timeZone, choice),
    stores,
  };
}

/** A choice that the plan does not allow any more has no effect, and is left out as it is of the slots. */
function scheduleOf(plan: Plan, timeZone: string, choice: TenantChoice | null): string {
  const { daily, weekly } = plan.schedules;
  const isInEffect = choice !== null && plan.tenantChoice !== null && checkChoice(choice, plan).length === 0;
  const parts = [
    ...(daily === null ? [] : [`daily ${daily.from}`]),
    ...(weekly === null ? [] : [`weekly ${weekly.on} ${weekly.from}`]),
    ...(isInEffect ? [`own choice ${spellChoice(choice)}`] : []),
  ];
  return parts.length === 0 ? "none" : `${parts.join(", ")} ${timeZone}`;
}

async function fromStores(desk: Desk, tenant: Tenant, wait: Waiting): Promise<StorePart> {
  const { backups, notes, down } = await tenantStates(tenant.id, await desk.library(tenant), wait);
  const believed = backups.filter(({ suspect }) => !suspect);
  const { quorum } = tenant.plan.copies;
  const newest = believed.find((one) => wholeCopies(one) >= quorum);
  const [newestRecord] = believed;
  const uncounted =
    newestRecord === undefined || newestRecord === newest
      ? []
      : [
          `${newestRecord.backup} does not count: whole in ${String(wholeCopies(newestRecord))} of ${String(quorum)} stores`,
        ];
  const proofs = believed.flatMap(({ backup, copies }) =>
    Array.from(copies, ([store, { proof }]) => (proof === null ? [] : [{ backup, store, ...proof }])).flat(),
  );
  const newestProof = proofs.toSorted((one, other) => (one.at < other.at ? 1 : -1))[0];
  return {
    newestBackup: newest === undefined ? null : { backup: newest.backup, at: newest.at },
    newestProof: newestProof ?? null,
    notes: [...uncounted, ...groupedNotes(notes)],
    asked: down.length === 0,
  };
}

/** A copy that was refuted is none, whole or not. */
function wholeCopies({ copies }: BackupEntry): number {
  return [...copies.values()].filter(
    ({ state, proof }) => state === "present" && proof?.verdict !== "refuted",
  ).length;
}

function text(lines: readonly TenantLine[], nothing: string): string {
  return table(
    ["tenant", "plan", "schedule", "newest backup", "newest proof", "notes"],
    lines.map(({ tenant, plan, schedule, newestBackup, newestProof, notes }) => [
      tenant,
      plan,
      schedule,
      newestBackup?.at ?? nothing,
      newestProof === null ? nothing : `${newestProof.verdict} ${newestProof.at} in ${newestProof.store}`,
      notes.join("\n"),
    ]),
  );
}
