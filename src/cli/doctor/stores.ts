import { isFailure } from "../../base/failure.ts";
import { clockToleranceMs } from "../../model/clock-tolerance.ts";
import { spell } from "../../model/duration.ts";
import type { StoreName } from "../../model/ids.ts";
import { type Waiting, within } from "../../base/waiting.ts";
import type { AnyStore } from "../../stores/around.ts";
import { readDescriptor } from "../../stores/describe.ts";
import { samePlace, samePlaces } from "../../repository/identify-stores.ts";
import type { Desk } from "../../desk/desk.ts";
import type { Examination } from "./examination.ts";

const limitMs = 30_000;

/** Whether each store answers, is one of ours, and has our time. What it permits is told by `stores check`. */
export async function examineStores(desk: Desk, wait: Waiting): Promise<Examination[]> {
  const ids = new Map<StoreName, string>();
  const found = await Promise.all(desk.stores.values().map((store) => examineOne(store, ids, desk, wait)));
  const doubled = samePlaces(ids, desk.stores.keys()).map(({ name, other }): Examination => {
    const { message, hint } = samePlace(name, other);
    return { area: "stores", subject: name, outcome: "failed", detail: message, hint };
  });
  return [...found, ...doubled];
}

async function examineOne(
  store: AnyStore,
  ids: Map<StoreName, string>,
  desk: Desk,
  wait: Waiting,
): Promise<Examination> {
  const area = "stores" as const;
  const subject = store.name;
  try {
    const limited = within(wait, limitMs);
    const descriptor = await readDescriptor(store, limited);
    if (descriptor === null) {
      const hint = `is its volume mounted? \`holdfast stores check ${subject}\` probes and marks a new store`;
      return { area, subject, outcome: "failed", detail: "it answers, and holds no holdfast.json", hint };
    }
    ids.set(subject, descriptor.storeId);
    const skewMs = Math.abs((await store.clock(limited)).getTime() - desk.machine.clock.now().getTime());
    if (skewMs > clockToleranceMs) {
      const hint = "set the clocks of host and store by NTP";
      return {
        area,
        subject,
        outcome: "failed",
        detail: `its clock and ours are ${spell(skewMs)} apart`,
        hint,
      };
    }
    return { area, subject, outcome: "passed", detail: `it answers, store id ${descriptor.storeId}` };
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    return { area, subject, outcome: "failed", detail: error.message, hint: error.hint };
  }
}
