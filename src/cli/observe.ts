/** `holdfast observe`: what the stores say that a daemon cannot: whether it is dead, or lies. */
import { exitCodes, Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { loadConfig } from "../config/load-config.ts";
import { observerOrder } from "../desk/observer-order.ts";
import { openDesk } from "../desk/open-desk.ts";
import { duration } from "../model/duration.ts";
import { breaches } from "../model/health.ts";
import { newMemory } from "../observer/memory.ts";
import { observe as observeOn } from "../observer/observe.ts";
import { observePass, type Sight } from "../observer/observe-pass.ts";
import type { ObserverOrder } from "../observer/order.ts";
import { demandAnswer } from "../repository/library.ts";
import { createLog } from "../telemetry/log.ts";
import { serveHttp } from "../telemetry/serve-http.ts";
import { createTelemetry, type Telemetry } from "../telemetry/telemetry.ts";
import { command, type Exit } from "./frame/command.ts";
import type { Context } from "./frame/context.ts";
import type { Output } from "./frame/output.ts";
import { table } from "./frame/text.ts";

const defaults = { listen: "127.0.0.1:9751", every: "5m" } as const;

/** Recipients are for sealing and sources for asking, which an observer does not do. */
const sample = `version: 1
stores:
  one: { driver: directory, path: /mnt/one }
  two: { driver: s3, bucket: holdfast, region: eu-central-1,
         accessKeyId: env:READ_KEY, secretAccessKey: env:READ_SECRET }
keys:
  trusted: [{ key: file:./signing.pub.jwk, may: [record, proof, key, removal] }]
tenants:
  acme: { source: main, database: acme, plan: standard }
discover:
  - { source: main, databases: "tenant_*", plan: standard }`;

export const observe = command({
  name: "observe",
  describe: "watch the stores from elsewhere, with read-only credentials and trusted keys alone",
  examples: [
    ["observe --once", "one pass: what is amiss, and how every tenant stands"],
    ["observe --listen 0.0.0.0:9751 --every 10m", "go on until SIGTERM, and answer /metrics"],
  ],
  options: (yargs) =>
    yargs
      .option("once", { type: "boolean", describe: "one pass; 3 when something was found" })
      .option("listen", {
        type: "string",
        requiresArg: true,
        describe: `where /metrics, /healthz and /readyz answer, default ${defaults.listen}`,
      })
      .option("every", {
        type: "string",
        requiresArg: true,
        describe: `rest between two passes, default ${defaults.every}`,
      })
      .epilogue(`The configuration needs no more than this; plans lie in a folder beside it:\n\n${sample}`),
  run: async ({ once, listen, every }, context, out) => {
    if (once === true && (listen !== undefined || every !== undefined))
      throw new Failure(
        "usage/invalid",
        "--once makes one pass and ends: --listen and --every do not go with it",
      );
    const everyMs = parseEvery(every ?? defaults.every);
    const { clock, env, version } = context.machine;
    const config = await loadConfig(context.configPath, env, { observer: true });
    const { perTenant } = config.metrics;
    const telemetry = createTelemetry({ version, perTenant, clock, process: once !== true });
    await using desk = await openDesk(config, context.machine, context.wait, {
      onRequest: telemetry.onStoreRequest,
    });
    telemetry.tell({ kind: "stores", inUse: [...config.stores.keys()] });
    const order = await observerOrder(desk);
    if (once === true) return lookOnce(order, context.wait, out);
    return watch(order, { everyMs, listen: parseListen(listen ?? defaults.listen) }, telemetry, context, out);
  },
});

async function lookOnce(order: ObserverOrder, wait: Waiting, out: Output): Promise<Exit> {
  const sight = await observePass(order, newMemory(order.clock), wait);
  const down = sight.stores.flatMap(({ store, failure }) => (failure === null ? [] : [{ store, failure }]));
  demandAnswer("how its tenants stand", sight.stores.length, down);
  for (const { store, failure } of down) out.say(`warning: ${store}: ${failure.message}`);
  out.result(shown(sight), () => text(sight));
  if (sight.observations.length > 0) return exitCodes.found;
  return down.length > 0 ? exitCodes.degraded : exitCodes.done;
}

async function watch(
  order: ObserverOrder,
  { everyMs, listen }: { readonly everyMs: number; readonly listen: string },
  telemetry: Telemetry,
  { machine, wait }: Context,
  out: Output,
): Promise<Exit> {
  const startedMs = machine.monotonicMs();
  const newest: { last: { readonly sight: Sight; readonly endedMs: number } | null } = { last: null };
  telemetry.setFleet(() => {
    if (newest.last !== null) return Promise.resolve(newest.last.sight.health);
    return Promise.reject(new Failure("store/quorum", "no pass over the stores has ended yet"));
  }, "stores");
  // The first pass over thousands of tenants takes long; whoever hangs for a quarter of a day needs a restart.
  const silentMsMax = Math.max(6 * 3_600_000, everyMs * 4);
  await using server = await serveHttp(
    {
      listen,
      render: async (asking) => telemetry.render(asking),
      ready: () => Promise.resolve(newest.last === null ? ["no pass over the stores has ended yet"] : []),
      healthy: () =>
        machine.monotonicMs() - (newest.last?.endedMs ?? startedMs) > silentMsMax
          ? ["no pass over the stores has ended for long"]
          : [],
    },
    wait,
  );
  const log = createLog({
    level: "info",
    clock: machine.clock,
    to: { write: (line) => out.say(line.trimEnd()) },
    base: { host: machine.hostName },
  });
  log.info("observing", { address: server.address, everySeconds: everyMs / 1000 });
  const { monotonicMs } = machine;
  const onSight = (sight: Sight): void => {
    newest.last = { sight, endedMs: monotonicMs() };
  };
  await observeOn(order, { everyMs, monotonicMs, tell: telemetry.tell, log, onSight }, wait);
  log.info("ended");
  out.result(newest.last === null ? null : shown(newest.last.sight), () => "");
  return exitCodes.done;
}

function parseEvery(text: string): number {
  const parsed = duration.safeParse(text);
  if (parsed.success) return parsed.data;
  throw new Failure("usage/invalid", `--every is ${text}, and must be a duration such as 90s, 5m or 1h`);
}

function parseListen(text: string): string {
  if (/^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/.test(text)) return text;
  throw new Failure(
    "usage/invalid",
    `--listen is ${text}, and must be an address and a port such as 127.0.0.1:9751`,
  );
}

function shown({ at, stores, health, observations }: Sight): object {
  return {
    at: at.toISOString(),
    findings: observations,
    stores: stores.map(({ store, failure, storeId, aheadMs, newestRecordAt }) => ({
      store,
      up: failure === null,
      problem: failure?.message ?? null,
      storeId,
      clockAheadSeconds: aheadMs === null ? null : aheadMs / 1000,
      newestRecordAt: newestRecordAt?.toISOString() ?? null,
    })),
    tenants: health.map((one) => ({
      tenant: one.tenant,
      breaches: breaches(one, at),
      lastSuccess: Object.fromEntries(one.lastSuccess),
      copies: one.copies,
      copiesRequired: one.copiesRequired,
      refutedCopies: one.refutedCopies,
      proofs: Object.fromEntries(one.proofs),
      proofDueAt: one.proofDueAt?.toISOString() ?? null,
      recoveryPoint: one.recoveryPoint?.toISOString() ?? null,
    })),
  };
}

function text({ at, health, observations }: Sight): string {
  const findings =
    observations.length === 0
      ? "nothing is amiss"
      : table(
          ["finding", "tenant", "store", "count", "detail"],
          observations.map(({ kind, tenant, store, count, detail }) => [
            kind,
            tenant ?? "",
            store ?? "",
            String(count),
            detail,
          ]),
        );
  const tenants =
    health.length === 0
      ? "there are no tenants"
      : table(
          ["tenant", "newest backup", "copies", "recovery point", "breaches"],
          health.map((one) => [
            one.tenant,
            latest([...one.lastSuccess.values()]),
            `${String(one.copies)} of ${one.copiesRequired === 0 ? "?" : String(one.copiesRequired)}`,
            one.recoveryPoint?.toISOString() ?? "none",
            breaches(one, at).join(", "),
          ]),
        );
  return `${findings}\n\n${tenants}`;
}

function latest(times: readonly Date[]): string {
  return (
    times.reduce<Date | null>((last, at) => (last === null || at > last ? at : last), null)?.toISOString() ??
    "none"
  );
}
