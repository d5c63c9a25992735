/**
 * What every part of the daemon works with, and its words:
 *
 * - **machine**: the host as an argument: time, chance, environment, name.
 * - **household**: the configuration in force and its tenants. A **generation** is one configuration with what was
 *   made of it; a reload begins a new one. A **lease** keeps a generation open for who works with it.
 * - **desk**: what verbs are handed, made from one configuration. **means**: threads, budgets and rates, which the
 *   process has once, however many generations there are.
 * - **slot**: a time at which a tenant is to be backed up. **job**: work that waits in a queue of the whole fleet.
 *   **work**: how one kind of job is done. **claim**: what a job holds so that nobody else does the like meanwhile.
 * - **crew**: the workers of one queue on this host. **places**: how many jobs of it may run here now.
 * - **rhythm**: what is done again and again; **rounds**: all of them together; **pace**: how fast they go.
 */
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
