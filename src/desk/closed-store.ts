import { Failure } from "../base/failure.ts";
import type { StoreName } from "../model/ids.ts";
import type { AnyStore } from "../stores/around.ts";
import type { ObjectStat } from "../stores/store.ts";

/** A store that could not be opened: every call fails with "store/refused" and says why. */
export function closedStore(name: StoreName, why: Failure): AnyStore {
  const refuse = (): Promise<never> => Promise.reject(refusal(name, why));
  return {
    name,
    stat: refuse,
    read: refuse,
    list: () => refusedList(name, why),
    versions: refuse,
    clock: refuse,
    create: refuse,
    mend: refuse,
    remove: refuse,
  };
}

// eslint-disable-next-line require-yield -- a listing that fails before its first key
async function* refusedList(name: StoreName, why: Failure): AsyncGenerator<ObjectStat> {
  await Promise.reject(refusal(name, why));
}

function refusal(name: StoreName, why: Failure): Failure {
  const hint = why.hint === undefined ? {} : { hint: why.hint };
  return new Failure("store/refused", `store ${name} cannot be opened: ${why.message}`, {
    cause: why,
    ...hint,
  });
}
