import { exitCodes, Failure, isFailure } from "../../base/failure.ts";
import type { Waiting } from "../../base/waiting.ts";
import type { Tenant } from "../../config/config.ts";
import type { Desk } from "../../desk/desk.ts";
import type { Exit } from "./command.ts";
import { parseTenant } from "./parse-tenant.ts";
import type { Output } from "./output.ts";
import { failureTeller } from "./tell-failure.ts";

export interface Attempted<Report> {
  readonly reports: readonly Report[];
  readonly failures: readonly Failure[];
}

/** The work on every item, one after the other; of several one that fails is told and holds up no other. */
export async function eachOf<Item, Report>(
  items: readonly { readonly title: string; readonly item: Item }[],
  work: (item: Item) => Promise<Report>,
  out: Output,
  wait: Waiting,
): Promise<Attempted<Report>> {
  const reports: Report[] = [];
  const failures: Failure[] = [];
  const tell = failureTeller(out);
  for (const { title, item } of items) {
    try {
      reports.push(await work(item));
    } catch (error) {
      if (!isFailure(error) || items.length === 1 || wait.signal.aborted) throw error;
      failures.push(error);
      tell(title, error);
    }
  }
  return { reports, failures };
}

interface TitledTenant {
  readonly title: string;
  readonly item: Tenant;
}

/** One that is named, or every tenant. */
export async function oneOrAll(
  desk: Desk,
  name: string | undefined,
  all: boolean,
): Promise<readonly TitledTenant[]> {
  if (all && name !== undefined)
    throw new Failure("usage/invalid", "name one tenant, or give --all, not both");
  const tenants = name === undefined ? await desk.tenants() : [await desk.tenant(parseTenant(name))];
  return tenants.map(titled);
}

export function titled(item: Tenant): TitledTenant {
  return { title: item.id, item };
}

/** Those that are named, or every tenant. That it is one of the two is asked at once, before anything is opened. */
export function someOrAll(
  names: readonly string[],
  all: boolean,
): (desk: Desk) => Promise<readonly Tenant[]> {
  if (all === names.length > 0) throw new Failure("usage/invalid", "name tenants, or give --all, not both");
  const named = [...new Set(names)].map(parseTenant);
  return async (desk) => (all ? desk.tenants() : Promise.all(named.map((tenant) => desk.tenant(tenant))));
}

/** What was found bad first, then what failed, then what is only less than it should be. */
export function worst(ends: {
  readonly found: boolean;
  readonly failed: boolean;
  readonly degraded: boolean;
}): Exit {
  if (ends.found) return exitCodes.found;
  if (ends.failed) return exitCodes.failed;
  return ends.degraded ? exitCodes.degraded : exitCodes.done;
}
