/** What one store says of itself: is it there, which is it, what time is it there, and whom does it hold? */
import type { Clock } from "../base/clock.ts";
import { type Failure, isFailure } from "../base/failure.ts";
import { type Waiting, within } from "../base/waiting.ts";
import { clockToleranceMs } from "../model/clock-tolerance.ts";
import { spell } from "../model/duration.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import { storeFailure } from "../repository/library.ts";
import { storedTenants } from "../repository/stored-tenants.ts";
import { readDescriptor } from "../stores/describe.ts";
import type { ObjectReader } from "../stores/store.ts";
import { isLasting, type ObserverMemory } from "./memory.ts";
import type { Observation } from "./observation.ts";
import type { ObservedStore } from "./order.ts";

export interface StoreAnswer {
  readonly store: StoreName;
  /** Why it could not be asked; null when it could. */
  readonly failure: Failure | null;
  readonly storeId: string | null;
  /** How far our clock is ahead of its; null where that is unknown. */
  readonly aheadMs: number | null;
  readonly tenants: readonly TenantId[];
  readonly observations: readonly Observation[];
}

const askLimitMs = 10 * 60_000;

/** So long it may take until a tenant is looked at that no configuration names. */
const strangersAfterMs = 3_600_000;

/** Never throws for what is the store's; a cancelled wait is thrown. */
export async function askStore(
  { reader, tellsTime }: ObservedStore,
  holders: ObserverMemory["holders"],
  clock: Clock,
  wait: Waiting,
): Promise<StoreAnswer> {
  const observations: Observation[] = [];
  const add = (kind: Observation["kind"], detail: string): void => {
    observations.push({ kind, tenant: null, store: reader.name, count: 1, detail });
  };
  let part: Pick<StoreAnswer, "failure" | "storeId" | "aheadMs" | "tenants">;
  try {
    const limited = within(wait, askLimitMs);
    const storeId = await idOf(reader, (detail) => add("store-unmarked", detail), limited);
    const aheadMs = tellsTime ? await aheadOf(reader, clock, limited) : null;
    if (aheadMs !== null && Math.abs(aheadMs) > clockToleranceMs)
      add("store-clock", `its clock and that of this host are ${spell(Math.abs(aheadMs))} apart`);
    const tenants = await tenantsIn(reader, holders, clock, limited);
    part = { failure: null, storeId, aheadMs, tenants };
  } catch (error) {
    const failure = storeFailure(error, wait);
    // A server that refuses our requests for the time they bear tells of a clock, whosever it is.
    if (failure.code === "store/clock") add("store-clock", failure.message);
    part = { failure, storeId: null, aheadMs: null, tenants: [] };
  }
  return { store: reader.name, ...part, observations };
}

async function tenantsIn(
  reader: ObjectReader,
  holders: ObserverMemory["holders"],
  clock: Clock,
  wait: Waiting,
): Promise<readonly TenantId[]> {
  const nowMs = clock.now().getTime();
  const known = holders.get(reader.name);
  if (known !== undefined && isLasting(known.lasts, nowMs)) return known.tenants;
  const tenants = await Array.fromAsync(storedTenants(reader, wait));
  holders.set(reader.name, { tenants, lasts: { fromMs: nowMs, untilMs: nowMs + strangersAfterMs } });
  return tenants;
}

/** A store whose descriptor is unreadable is still there, and its records are looked at. */
async function idOf(
  reader: ObjectReader,
  unmarked: (detail: string) => void,
  wait: Waiting,
): Promise<string | null> {
  try {
    const descriptor = await readDescriptor(reader, wait);
    if (descriptor === null) unmarked("it holds no holdfast.json");
    return descriptor?.storeId ?? null;
  } catch (error) {
    const unusable = isFailure(error) && (error.code.startsWith("format/") || error.code === "store/corrupt");
    if (!unusable) throw error;
    unmarked(error.message);
    return null;
  }
}

/** A store that may be read and does not tell its time is well; its clock is then unknown. */
async function aheadOf(reader: ObjectReader, clock: Clock, wait: Waiting): Promise<number | null> {
  const before = clock.now().getTime();
  try {
    const theirs = (await reader.clock(wait)).getTime();
    const after = clock.now().getTime();
    // The answer was made at some moment between the two readings of our clock.
    return theirs < before ? before - theirs : theirs > after ? after - theirs : 0;
  } catch (error) {
    if (isFailure(error, "store/refused") || isFailure(error, "store/protocol")) return null;
    throw error;
  }
}
