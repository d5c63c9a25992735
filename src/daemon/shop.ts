/** What every part of the daemon works with. */
import type { Catalog } from "../catalog/catalog.ts";
import type { JobQueue } from "../catalog/queue.ts";
import type { Machine } from "../desk/machine.ts";
import type { Tell } from "../telemetry/event.ts";
import type { Log } from "../telemetry/log.ts";
import type { Household } from "./household.ts";
import type { Pace } from "./pace.ts";

export interface Shop {
  readonly machine: Machine;
  readonly household: Household;
  readonly catalog: Catalog;
  readonly queue: JobQueue;
  readonly log: Log;
  readonly tell: Tell;
  readonly pace: Pace;
}
