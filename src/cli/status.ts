/** `holdfast status`: what is not as it should be, as the catalog and the stores tell it now. */
import { exitCodes, isFailure } from "../base/failure.ts";
import { type Waiting, within } from "../base/waiting.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { DeadLetter, QueueCount } from "../catalog/queue.ts";
import type { Desk } from "../desk/desk.ts";
import { openCatalog } from "../desk/open-catalog.ts";
import { probeStores } from "../desk/probe-stores.ts";
import { type Breach, breaches, type TenantHealth } from "../model/health.ts";
import { command, type Exit } from "./command.ts";
import type { Output } from "./output.ts";
import { queueToLookAt } from "./queue-to-look-at.ts";
import { count, table } from "./text.ts";

interface Status {
  readonly catalog: "up" | "not-running" | "unreachable";
  /** Hosts whose daemons are connected; null where the catalog cannot tell. */
  readonly hosts: readonly string[] | null;
  readonly tenants: { readonly total: number; readonly breaching: readonly BreachingTenant[] } | null;
  readonly queues: readonly QueueCount[] | null;
  readonly deadLetters: readonly GivenUp[] | null;
  readonly stores: readonly {
    readonly store: string;
    readonly up: boolean;
    readonly problem: string | null;
  }[];
}

interface BreachingTenant {
  readonly tenant: string;
  readonly breaches: readonly Breach[];
  readonly newestBackup: string | null;
  readonly recoveryPoint: string | null;
  readonly copies: number;
  readonly copiesRequired: number;
}

interface GivenUp {
  readonly queue: string;
  readonly work: string;
  readonly code: string | null;
  readonly at: string;
}

const storeLimitMs = 15_000;

export const status = command({
  name: "status",
  describe: "what is not as it should be: tenants, queues, daemons and stores",
  examples: [
    ["status", "for people; nothing but a summary when all is well"],
    ["status --json", "for a script, which may go by the exit code alone"],
  ],
  options: (yargs) => yargs,
  run: async (_, context, out) => {
    await using desk = await context.openDesk();
    const [known, stores] = await Promise.all([
      askCatalog(desk, out, context.wait),
      askStores(desk, context.wait),
    ]);
    const found: Status = { ...known, stores };
    out.result(found, () => text(found));
    return exitOf(found);
  },
});

type Known = Omit<Status, "stores">;

const unknown = { hosts: null, tenants: null, queues: null, deadLetters: null } as const;

async function askCatalog(desk: Desk, out: Output, wait: Waiting): Promise<Known> {
  try {
    await using catalog = await openCatalog(desk.config, desk.machine, wait, "only-running");
    if (catalog === null) return { catalog: "not-running", ...unknown };
    const health = await catalog.index.health(wait);
    const tenants = { total: health.length, breaching: breaching(health, await catalog.now(wait)) };
    return { catalog: "up", tenants, ...(await askQueue(desk, catalog, out, wait)) };
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    out.say(`warning: the catalog cannot be asked: ${error.message}`);
    return { catalog: "unreachable", ...unknown };
  }
}

/** Before the first daemon there is no queue. */
async function askQueue(
  { machine }: Desk,
  catalog: Catalog,
  out: Output,
  wait: Waiting,
): Promise<Pick<Known, "hosts" | "queues" | "deadLetters">> {
  await using queue = await queueToLookAt(catalog, machine, wait);
  if (queue === null) {
    out.say("warning: there is no queue: no daemon has run on this catalog yet");
    return { hosts: [], queues: null, deadLetters: null };
  }
  const dead = await queue.deadLetters(wait);
  return {
    hosts: await queue.hosts(wait),
    queues: await queue.counts(wait),
    deadLetters: dead.map(givenUp),
  };
}

function givenUp({ queue, key, code, at }: DeadLetter): GivenUp {
  return { queue, work: key, code, at: at.toISOString() };
}

async function askStores(desk: Desk, wait: Waiting): Promise<Status["stores"]> {
  const down = await probeStores(desk, () => undefined, within(wait, storeLimitMs)).catch(
    (error: unknown) => {
      if (!isFailure(error) || wait.signal.aborted) throw error;
      return [...desk.stores.keys()].map((store) => ({ store, failure: error }));
    },
  );
  return Array.from(desk.stores.keys(), (store) => {
    const failure = down.find((one) => one.store === store)?.failure;
    return { store, up: failure === undefined, problem: failure?.message ?? null };
  });
}

function breaching(health: readonly TenantHealth[], now: Date): BreachingTenant[] {
  return health.flatMap((one) => {
    const found = breaches(one, now);
    if (found.length === 0) return [];
    const newest = [...one.lastSuccess.values()].toSorted((a, b) => b.getTime() - a.getTime())[0];
    return [
      {
        tenant: one.tenant,
        breaches: found,
        newestBackup: newest?.toISOString() ?? null,
        recoveryPoint: one.recoveryPoint?.toISOString() ?? null,
        copies: one.copies,
        copiesRequired: one.copiesRequired,
      },
    ];
  });
}

/** A refuted copy is what an operator must hear of first. */
function exitOf({ tenants, hosts, deadLetters, stores }: Status): Exit {
  if (tenants?.breaching.some((one) => one.breaches.includes("refuted")) === true) return exitCodes.found;
  const isWell =
    tenants?.breaching.length === 0 &&
    (hosts?.length ?? 0) > 0 &&
    deadLetters?.length === 0 &&
    stores.every(({ up }) => up);
  return isWell ? exitCodes.done : exitCodes.degraded;
}

function text({ catalog, hosts, tenants, queues, deadLetters, stores }: Status): string {
  const lines = [
    `catalog: ${catalogWords[catalog]}`,
    `daemons: ${hosts === null ? "not known" : hosts.length === 0 ? "none" : hosts.join(", ")}`,
    `stores: ${stores.map(({ store, up, problem }) => (up ? `${store} up` : `${store} down (${problem ?? ""})`)).join(", ")}`,
    tenants === null
      ? "tenants: not known; `holdfast tenants` asks the stores"
      : `tenants: ${count(tenants.total, "tenant")}, ${String(tenants.breaching.length)} not as the plan wants`,
  ];
  const waiting = (queues ?? []).filter(({ jobs }) => jobs > 0);
  const parts = [lines.join("\n")];
  if (tenants !== null && tenants.breaching.length > 0) parts.push(breachingText(tenants.breaching));
  if (waiting.length > 0)
    parts.push(
      table(
        ["queue", "state", "jobs"],
        waiting.map(({ queue, state, jobs }) => [queue, state, String(jobs)]),
      ),
    );
  if (deadLetters !== null && deadLetters.length > 0)
    parts.push(
      table(
        ["given up", "work", "because", "at"],
        deadLetters.map(({ queue, work, code, at }) => [queue, work, code ?? "its worker died", at]),
      ),
    );
  return parts.join("\n\n");
}

const catalogWords: Readonly<Record<Status["catalog"], string>> = {
  up: "up",
  "not-running": "not running, so no daemon runs on this host",
  unreachable: "does not answer",
};

function breachingText(found: readonly BreachingTenant[]): string {
  return table(
    ["tenant", "not as wanted", "newest backup", "newest proven", "copies"],
    found.map((one) => [
      one.tenant,
      one.breaches.join(", "),
      one.newestBackup ?? "none",
      one.recoveryPoint ?? "none",
      `${String(one.copies)} of ${String(one.copiesRequired)}`,
    ]),
  );
}
