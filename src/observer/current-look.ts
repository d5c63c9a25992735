/** The last look at a tenant, made anew only where a glance says that something changed. */
import type { Chance } from "../base/chance.ts";
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import { askEach, type Library, type StoreDown } from "../repository/library.ts";
import { glance } from "./glance.ts";
import { lookAt, type TenantLook } from "./look.ts";
import { isLasting, type ObserverMemory, type RememberedLook } from "./memory.ts";
import { remembering } from "./remembering.ts";

export interface CurrentLook {
  /** Null when none of its stores could be asked, now or ever. */
  readonly look: TenantLook | null;
  /** Stores that did not answer, or not all that was asked of this tenant. */
  readonly down: readonly StoreDown[];
}

const lookAgainMs = 6 * 3_600_000;

/** `library.stores` are those of the tenant that are up; what was seen of another one stands as long as the look does. */
export async function currentLook(
  tenant: TenantId,
  library: Library & { readonly chance: Chance },
  memory: ObserverMemory,
  wait: Waiting,
): Promise<CurrentLook> {
  const { answers: glances, down } = await askEach(
    library.stores,
    (store) => glance(tenant, store, wait),
    wait,
  );
  const before = memory.looks.get(tenant);
  const nowMs = library.clock.now().getTime();
  if (glances.size === 0 || (before !== undefined && holds(before, glances, nowMs)))
    return { look: before?.look ?? null, down };
  const stores = library.stores
    .filter(({ name }) => glances.has(name))
    .map((store) => remembering(store, memory.documents));
  const look = await lookOrFailure(tenant, { ...library, stores }, wait);
  if (look instanceof Failure)
    return { look: before?.look ?? null, down: stores.map(({ name }) => ({ store: name, failure: look })) };
  // What lay in the future will not lie there for ever, without a change in any store.
  const lastsMs = look.observations.some(({ kind }) => kind === "from-future")
    ? 0
    : lookAgainMs * (0.75 + (library.chance(1)[0] ?? 0) / 512);
  const lasts = { fromMs: nowMs, untilMs: nowMs + lastsMs };
  memory.looks.set(tenant, { look, glances: only(glances, look.asked), lasts });
  return { look, down: [...down, ...look.down] };
}

/** All of its stores fell silent since they were glanced at: nobody's fault but theirs. */
async function lookOrFailure(
  tenant: TenantId,
  library: Library,
  wait: Waiting,
): Promise<TenantLook | Failure> {
  try {
    return await lookAt(tenant, library, wait);
  } catch (error) {
    if (isFailure(error, "store/quorum")) return error;
    throw error;
  }
}

function holds(before: RememberedLook, glances: ReadonlyMap<StoreName, string>, nowMs: number): boolean {
  return (
    isLasting(before.lasts, nowMs) &&
    glances.entries().every(([store, seen]) => before.glances.get(store) === seen)
  );
}

function only(
  glances: ReadonlyMap<StoreName, string>,
  stores: readonly StoreName[],
): ReadonlyMap<StoreName, string> {
  return new Map([...glances].filter(([store]) => stores.includes(store)));
}
