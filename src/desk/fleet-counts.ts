import type { Waiting } from "../base/waiting.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { FleetCounts } from "../telemetry/fleet-counts.ts";

/** More than any fleet has; a gauge needs no exact number beyond. */
const stoppedMax = 100_000;

/** What the catalog knows of all hosts, so that neither a restart nor another daemon's success is missed. */
export async function fleetCounts({ index }: Pick<Catalog, "index">, wait: Waiting): Promise<FleetCounts> {
  const [stopped, gone] = await Promise.all([index.stoppedPrunes(stoppedMax, wait), index.gone(wait)]);
  return { retentionStopped: stopped.length, gone: gone.length };
}
