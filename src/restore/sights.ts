/**
 * What the stores hold, by every clock there is. What lies in a reader's future is believed by nobody, so that on a host
 * whose clock is behind the newest backup, or its proof alone, is not seen, and an older one passes for the newest. Who is
 * wrong, host or store, nothing here can tell: what to restore is chosen only where all clocks choose the same.
 */
import { allEnded } from "../base/all-ended.ts";
import { standingAt } from "../base/clock.ts";
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { clockToleranceMs } from "../model/clock-tolerance.ts";
import { spell } from "../model/duration.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import { askEach, type Library, unasked } from "../repository/library.ts";
import { tenantStates, type TenantStates } from "../repository/states.ts";
import { choosePoint, type Point, type PointContext, type PointWish } from "./point.ts";

/** The states of a tenant by one clock, which stands for as long as they are looked at. */
export interface Sight {
  /** Null: this host's. */
  readonly clockOf: StoreName | null;
  /** Of that clock before this host's; negative where it is behind. */
  readonly aheadMs: number;
  readonly now: Date;
  readonly states: TenantStates;
}

/** This host's first. */
export type Sights = readonly [Sight, ...Sight[]];

/**
 * By this host's clock, and, where stores are more than five minutes from it, by the one that is furthest ahead of it and the
 * one that is furthest behind. Stores that cannot tell the time are believed to agree. Throws as `tenantStates` does.
 */
export async function sights(tenant: TenantId, library: Library, wait: Waiting): Promise<Sights> {
  const now = library.clock.now();
  const see = async (at: Date, clockOf: StoreName | null): Promise<Sight> => {
    const states = await tenantStates(tenant, { ...library, clock: standingAt(at) }, wait);
    return { clockOf, aheadMs: at.getTime() - now.getTime(), now: at, states };
  };
  const [own, { answers }] = await allEnded([
    see(now, null),
    askEach(library.stores, (store) => store.clock(wait), wait),
  ]);
  const told = [...answers].toSorted(([, one], [, other]) => one.getTime() - other.getTime());
  const isApart = ([, at]: readonly [StoreName, Date]): boolean =>
    Math.abs(at.getTime() - now.getTime()) > clockToleranceMs;
  const apart = new Map([...told.slice(0, 1), ...told.slice(-1)].filter(isApart));
  const others: Sight[] = [];
  for (const [store, at] of apart) others.push(await see(at, store));
  return [own, ...others];
}

export interface SeenContext extends Pick<PointContext, "stores" | "intervalMs"> {
  readonly seen: Sights;
}

export interface SeenPoint {
  readonly point: Point;
  /** By which the backup is believed. */
  readonly sight: Sight;
}

/**
 * As `choosePoint`. Where the clocks choose differently "store/clock", unless the backup is named: then the first clock
 * counts by which it suits, and it is as old as any of them says.
 */
export function choosePointByAll(wish: PointWish, { seen, ...context }: SeenContext): SeenPoint {
  const [own, ...others] = seen;
  const choice = (sight: Sight): Point | Failure => {
    const { backups, down } = sight.states;
    try {
      return choosePoint(wish, { ...context, backups, now: sight.now, unasked: unasked(down) });
    } catch (error) {
      if (isFailure(error)) return error;
      throw error;
    }
  };
  const first = choice(own);
  const rest = others.map((sight) => ({ sight, chosen: choice(sight) }));
  const all = [{ sight: own, chosen: first }, ...rest];
  if (wish.backup === undefined) {
    const other = rest.find(({ chosen }) => nameOf(chosen) !== nameOf(first));
    if (other !== undefined) throw undecided(nameOf(first), nameOf(other.chosen), other.sight);
  } else {
    // Old by any clock is older than whoever asks was sure to take.
    const old = all.map(({ chosen }) => chosen).find((chosen) => isFailure(chosen, "backup/old"));
    if (old !== undefined) throw old;
  }
  for (const { sight, chosen } of all) if (!(chosen instanceof Failure)) return { point: chosen, sight };
  throw first;
}

/** In words, where a clock is not as this host's; null for its own. */
export function apartWords({ clockOf, aheadMs }: Sight): string | null {
  if (clockOf === null) return null;
  return `the clock of ${clockOf} is ${spell(Math.abs(aheadMs))} ${aheadMs > 0 ? "ahead of" : "behind"} this host's`;
}

function nameOf(chosen: Point | Failure): string {
  if (chosen instanceof Failure) return chosen.code === "backup/old" ? "none that is young enough" : "none";
  const { backup, proven } = chosen.choice;
  return proven ? backup.backup : `${backup.backup}, unproven`;
}

function undecided(first: string, other: string, sight: Sight): Failure {
  return new Failure(
    "store/clock",
    `${apartWords(sight) ?? ""}: by this host's the backup to restore is ${first}, by the store's it is ${other}`,
    { hint: "set the clock that is wrong, or name the backup with --backup" },
  );
}
