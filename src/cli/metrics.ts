/** `holdfast metrics`: one scrape on standard output, whether a daemon runs or not. */
import { exitCodes, isFailure } from "../base/failure.ts";
import { type Waiting, within } from "../base/waiting.ts";
import type { Desk } from "../desk/desk.ts";
import { fleetCounts } from "../desk/fleet-counts.ts";
import { fleetFromStores } from "../desk/fleet-from-stores.ts";
import { openCatalog } from "../desk/open-catalog.ts";
import { openDesk } from "../desk/open-desk.ts";
import { probeStores } from "../desk/probe-stores.ts";
import type { TenantHealth } from "../model/health.ts";
import type { FleetCounts } from "../telemetry/fleet-counts.ts";
import type { QueueCount } from "../telemetry/queue-metrics.ts";
import { createTelemetry, type Telemetry } from "../telemetry/telemetry.ts";
import { command, type Exit } from "./frame/command.ts";
import type { Output } from "./frame/output.ts";
import { queueToLookAt } from "./status/queue-to-look-at.ts";

export const metrics = command({
  name: "metrics",
  describe: "print one scrape of metrics: how tenants, stores and the queue stand",
  examples: [
    ["metrics --once", "in the text format of Prometheus, for a text-file collector for one"],
    ["metrics --once --json", "the same families as data, for a script"],
  ],
  options: (yargs) =>
    yargs.option("once", {
      type: "boolean",
      default: true,
      describe: "print and end; a daemon is what answers again and again",
    }),
  run: async (_, context, out) => {
    const config = await context.config();
    const { clock, version } = context.machine;
    const telemetry = createTelemetry({ version, perTenant: config.metrics.perTenant, clock });
    await using desk = await openDesk(config, context.machine, context.wait, {
      onRequest: telemetry.onStoreRequest,
    });
    const known = await askCatalog(desk, telemetry, out, context.wait);
    const exit = known
      ? await lookAtStores(desk, telemetry, out, context.wait)
      : await askStores(desk, telemetry, out, context.wait);
    const families = await telemetry.families(context.wait);
    const text = await telemetry.render(context.wait);
    out.result({ from: known ? "catalog" : "stores", families }, () => text);
    return exit;
  },
});

const catalogLimitMs = 30_000;

/** False where none runs, or it does not answer: then the stores are asked. */
async function askCatalog(desk: Desk, telemetry: Telemetry, out: Output, wait: Waiting): Promise<boolean> {
  const limited = within(wait, catalogLimitMs);
  let health: readonly TenantHealth[];
  let counted: FleetCounts;
  let counts: readonly QueueCount[] | null;
  try {
    await using catalog = await openCatalog(desk.config, desk.machine, { mode: "only-running" }, limited);
    if (catalog === null) return false;
    health = await catalog.index.health(limited);
    counted = await fleetCounts(catalog, limited);
    await using queue = await queueToLookAt(catalog, desk.machine, limited);
    counts = queue === null ? null : await queue.counts(limited);
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    out.say(`warning: the catalog cannot be asked: ${error.message}`);
    telemetry.tell({ kind: "catalog", up: false });
    return false;
  }
  telemetry.setFleet(() => Promise.resolve(health));
  telemetry.setCounts(() => Promise.resolve(counted));
  if (counts !== null) {
    const found = counts;
    telemetry.setQueues(() => Promise.resolve(found));
  }
  return true;
}

/** The catalog knows what they hold; whether they answer only they can say. */
async function lookAtStores(desk: Desk, telemetry: Telemetry, out: Output, wait: Waiting): Promise<Exit> {
  const down = await probeStores(desk, telemetry.tell, wait);
  for (const { store, failure } of down) out.say(`warning: ${store}: ${failure.message}`);
  return down.length === 0 ? exitCodes.done : exitCodes.degraded;
}

async function askStores(desk: Desk, telemetry: Telemetry, out: Output, wait: Waiting): Promise<Exit> {
  const { fleet, complete } = await fleetFromStores(desk, out, wait);
  if (fleet === null) return exitCodes.failed;
  telemetry.setFleet(() => Promise.resolve(fleet), "stores");
  return complete ? exitCodes.done : exitCodes.degraded;
}
