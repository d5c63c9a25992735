/** `holdfast metrics`: one scrape on standard output, whether a daemon runs or not. */
import { exitCodes, type Failure, isFailure } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Desk } from "../desk/desk.ts";
import { openDesk } from "../desk/open-desk.ts";
import { healthFromStores } from "../desk/store-health.ts";
import type { TenantHealth } from "../model/health.ts";
import type { StoreName } from "../model/ids.ts";
import { createTelemetry } from "../telemetry/telemetry.ts";
import { command, type Exit } from "./command.ts";
import type { Output } from "./output.ts";

export const metrics = command({
  name: "metrics",
  describe: "print one scrape of metrics: how every tenant stands, from the stores alone",
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
    await using desk = await openDesk(config, context.machine, context.wait, telemetry.onStoreRequest);
    const { fleet, exit } = await fleetFromStores(desk, out, context.wait);
    if (fleet !== null) telemetry.setFleet(() => Promise.resolve(fleet), "stores");
    const families = await telemetry.families(context.wait);
    const text = await telemetry.render(context.wait);
    out.result({ from: "stores", families }, () => text);
    return exit;
  },
});

interface AskedFleet {
  /** Null when no store answered for any tenant. */
  readonly fleet: readonly TenantHealth[] | null;
  readonly exit: Exit;
}

const tenantsAtOnce = 4;

/** Tenants of which nothing could be learned are left out and told: made-up figures would be worse. */
async function fleetFromStores(desk: Desk, out: Output, wait: Waiting): Promise<AskedFleet> {
  const asked = await desk.discovery();
  for (const { source, failure } of asked.unreachable)
    out.say(`warning: source ${source} could not be asked: ${failure.message}`);
  const tenants = [...desk.config.tenants.values(), ...asked.tenants];
  const fleet: TenantHealth[] = [];
  const down = new Map<StoreName, Failure>();
  await eachAtOnce(tenants, tenantsAtOnce, async (tenant) => {
    try {
      const found = await healthFromStores(desk, tenant, wait);
      fleet.push(found.health);
      for (const { store, failure } of found.down) down.set(store, failure);
    } catch (error) {
      if (!isFailure(error, "store/quorum") || wait.signal.aborted) throw error;
      out.say(`warning: ${tenant.id}: ${error.message}`);
    }
  });
  for (const [store, failure] of down) out.say(`warning: ${store}: ${failure.message}`);
  if (tenants.length > 0 && fleet.length === 0) return { fleet: null, exit: exitCodes.failed };
  const complete = down.size === 0 && fleet.length === tenants.length && asked.unreachable.length === 0;
  return {
    fleet: fleet.toSorted((one, other) => (one.tenant < other.tenant ? -1 : 1)),
    exit: complete ? exitCodes.done : exitCodes.degraded,
  };
}
