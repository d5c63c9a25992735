/** The same challenges with nothing damaged: what finds these wrong would find anything wrong. */
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";
import { around, type AnyStore } from "../stores/around.ts";
import { challengeDump, challengeLoad } from "./challenge-dump.ts";
import { challengeMachine } from "./challenge-machine.ts";
import { challengeStore } from "./challenge-store.ts";
import type { Family } from "./damage.ts";
import type { Seen } from "./look.ts";
import type { MachineDamage } from "./machine/machine-damage.ts";
import type { Round } from "./round.ts";
import { bitFlipped } from "./store/folder.ts";
import { claim, putProof } from "./store/proof-damages.ts";
import { readAs } from "./store/seen-damages.ts";
import type { Contents, StoresToDamage } from "./store/store-damage.ts";

export interface Means {
  readonly round: Round;
  readonly contents: Contents;
}

interface Control {
  readonly name: string;
  readonly title: string;
  /** Challenged beside damages of these families. */
  readonly of: readonly Family[];
  readonly see: (means: Means, wait: Waiting) => Promise<Seen>;
}

export const controls: readonly Control[] = [
  {
    name: "store-unharmed",
    title: "a copy of the stores to which nothing was done",
    of: ["store"],
    see: ({ round, contents }, wait) =>
      challengeStore(round, { expected: "proven", make: () => Promise.resolve({}) }, contents, wait),
  },
  {
    name: "store-full",
    title: "a store that takes no bytes any more, in which a copy is as good as ever",
    of: ["store"],
    see: seenAs(full),
  },
  {
    name: "store-forgetful",
    title: "a store that does not find an object at its first read, and gives it at the next",
    of: ["store"],
    see: seenAs((store) => readAs(store, (body, times) => (times === 1 ? null : body), isNoRecord)),
  },
  {
    name: "store-stuttering",
    title: "a store of which an object has one bit flipped at its first read, and none at the next",
    of: ["store"],
    see: seenAs((store) =>
      readAs(
        store,
        (body, times) => (times === 1 ? bitFlipped(body, body.length >> 1) : body),
        () => true,
      ),
    ),
  },
  {
    name: "proof-that-counts",
    title: "a proof as the forged ones are, but right and rightly signed",
    of: ["store"],
    see: ({ round, contents }, wait) =>
      challengeStore(round, { expected: "unproven", make: rightProof }, contents, wait),
  },
  {
    name: "clone-unaltered",
    title: "a dump of a clone to which nothing was done",
    of: ["data", "schema"],
    see: ({ round }, wait) => challengeDump(round, { ...nothing, statements: [], archive: "clone" }, wait),
  },
  {
    name: "load-unaltered",
    title: "a load to which nothing was done",
    of: ["data", "schema"],
    see: ({ round }, wait) => challengeLoad(round, { ...nothing, altered: [] }, wait),
  },
  {
    name: "machine-unbroken",
    title: "the installation that can be broken, with nothing broken",
    of: ["machine"],
    see: ({ round }, wait) =>
      challengeMachine(round, { bend: ({ desk }) => Promise.resolve({ desk }) }, wait),
  },
  {
    name: "installation-moved",
    title: "the installation from which extensions are left out, with none left out",
    of: ["machine"],
    see: ({ round }, wait) => challengeMachine(round, { bend: complete }, wait),
  },
];

/** Nothing is wrong with the copy, however its store is seen. */
function seenAs(lens: (store: AnyStore) => AnyStore): Control["see"] {
  return ({ round, contents }, wait) =>
    challengeStore(round, { expected: "proven", make: () => Promise.resolve({ lens }) }, contents, wait);
}

/** Of a record that is not there nobody has to know. */
function isNoRecord(key: ObjectKey): boolean {
  return !key.endsWith("/record.jws");
}

const complete: MachineDamage["bend"] = async ({ desk, installation }, wait) => {
  await installation.say({ postgres: `program='${await installation.without([], wait)}'` });
  return { desk };
};

async function rightProof(stores: StoresToDamage): Promise<object> {
  const said = await claim(stores, {});
  await putProof(stores, said, await stores.signers.own.sign("proof", said));
  return {};
}

/** A directory makes a file to tell the time, which it cannot either. */
function full(store: AnyStore): AnyStore {
  return around(store, {
    run: ({ operation }, work) =>
      operation === "create" || operation === "clock"
        ? Promise.reject(new Failure("store/full", `${store.name} has no room`))
        : work(),
    list: (prefix, wait, after) => store.list(prefix, wait, after),
  });
}

const nothing = {
  name: "nothing",
  title: "nothing",
  family: "data",
  expected: "refuted",
  seenBy: [],
} as const;
