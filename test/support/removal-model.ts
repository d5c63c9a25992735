/**
 * The protocol of removal as an explicit model: stores are sets, actors are small programs whose every
 * step is one look or one write, and a search runs every order of their steps and of the ticks of a
 * clock. An actor that is never run again has crashed; one that is run late is slow.
 *
 * One tick is twelve hours: a look is valid within one, a backup may take one, the grace time is two.
 */

export interface Rules {
  /** A list must be this old before what it names goes. */
  readonly graceTicks: number;
  readonly lengthTicks: number;
  readonly lookTicks: number;
  /** Only what is older than the longest backup is condemned. */
  readonly hasAgeLimit: boolean;
  /** Records are read again between the wait and the removal. */
  readonly readsRecordsAgain: boolean;
  /** A key carries the digest of its sealed bytes, so that sealing anew makes a new key. */
  readonly hasDigestInKey: boolean;
  /** Whoever writes a record reads the condemned lists, when it begins and at its last look. */
  readonly readsCondemned: boolean;
  /** Both the store's and the host's clock must say that the grace time is over. */
  readonly needsBothClocks: boolean;
}

export const trueRules: Rules = {
  graceTicks: 2,
  lengthTicks: 1,
  lookTicks: 0,
  hasAgeLimit: true,
  readsRecordsAgain: true,
  hasDigestInKey: true,
  readsCondemned: true,
  needsBothClocks: true,
};

/** Who takes part. */
export interface Cast {
  readonly stores: number;
  /** The stores that each backup writes to: one that is down for it is left out. */
  readonly backups: readonly (readonly number[])[];
  /** For each host that prunes: how often, one prune after the other. */
  readonly prunes: readonly number[];
  /** Carries the record that only the first store has to the last one. */
  readonly hasReplicate: boolean;
  /** Puts back what the record of the beginning names in the last store. */
  readonly hasHeal: boolean;
  /** The clock of the first store may once leap ahead by the grace time. */
  readonly hasLeap: boolean;
}

type Key = string;
type Name = string;

interface Listed {
  readonly storeAt: number;
  readonly hostAt: number;
}

interface Shop {
  leap: number;
  readonly objects: Record<Key, number>;
  readonly records: Record<Name, readonly Key[]>;
  readonly lists: Record<Key, Listed>;
}

interface Actor {
  readonly kind: "backup" | "prune" | "replicate" | "heal";
  readonly name: Name;
  step: number;
  store: number;
  startedAt: number;
  lookedAt: number;
  runs: number;
  isNew: boolean;
  keys: readonly Key[];
  going: readonly Key[];
  named: readonly Key[];
  aged: readonly Key[];
}

interface World {
  now: number;
  born: number;
  readonly shops: readonly Shop[];
  readonly actors: readonly Actor[];
}

export type Outcome =
  | { readonly kind: "sound"; readonly states: number }
  /** A record names what its store does not hold. */
  | { readonly kind: "lost"; readonly path: readonly string[] }
  /** A backup within its time was refused for what it had sealed itself: nobody could ever back up. */
  | { readonly kind: "starved"; readonly path: readonly string[] };

/**
 * Runs every order, depth first. Times are told apart only as far as rules do, so that the clock may tick
 * for ever and there is still an end of new states.
 */
export function explore(cast: Cast, rules: Rules): Outcome {
  const first = opening(cast);
  const seen = new Set([idOf(first, rules)]);
  const stack: { readonly world: World; readonly depth: number; readonly did: string }[] = [
    { world: first, depth: 0, did: "" },
  ];
  const trail: string[] = [];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { world, depth, did } = top;
    trail.length = depth;
    trail.push(did);
    for (const { next, did: doing, isStarved } of moves(world, cast, rules)) {
      if (isStarved) return { kind: "starved", path: [...trail.slice(1), doing] };
      if (isLost(next)) return { kind: "lost", path: [...trail.slice(1), doing] };
      const id = idOf(next, rules);
      if (seen.has(id)) continue;
      seen.add(id);
      stack.push({ world: next, depth: depth + 1, did: doing });
    }
  }
  return { kind: "sound", states: seen.size };
}

function idOf({ now, born, shops, actors }: World, rules: Rules): string {
  const age = (at: number, cap: number): number => Math.min(now - at, cap);
  const { graceTicks, lengthTicks, lookTicks } = rules;
  const parts: unknown[] = [born];
  for (const { leap, objects, records, lists } of shops) {
    parts.push(leap, "o");
    for (const key of Object.keys(objects).toSorted())
      parts.push(key, age(objects[key] ?? 0, lengthTicks + 1));
    parts.push("r");
    for (const name of Object.keys(records).toSorted()) parts.push(name, records[name]);
    parts.push("l");
    for (const key of Object.keys(lists).toSorted()) {
      const list = lists[key];
      if (list === undefined) continue;
      parts.push(key, Math.min(now + leap - list.storeAt, graceTicks), age(list.hostAt, graceTicks));
    }
  }
  for (const one of actors) {
    parts.push("a", one.step, one.store, one.runs, one.isNew);
    parts.push(age(one.startedAt, lengthTicks + 1), age(one.lookedAt, lookTicks + 1));
    parts.push(one.keys, one.going, one.named, one.aged);
  }
  return parts.join(" ");
}

function opening({ stores, backups, prunes, hasReplicate, hasHeal }: Cast): World {
  const old = -100;
  const shops = Array.from({ length: stores }, (_, store): Shop => {
    const isFirst = store === 0 && hasReplicate;
    return {
      leap: 0,
      objects: isFirst ? { k0: old, k9: old } : { k0: old },
      records: isFirst ? { R0: ["k0"], R9: ["k0", "k9"] } : { R0: ["k0"] },
      lists: {},
    };
  });
  const actors = backups.map((_, index) => actor("backup", `B${String(index + 1)}`));
  actors.push(...prunes.map((_, index) => actor("prune", `P${String(index + 1)}`)));
  if (hasReplicate) actors.push(actor("replicate", "R9"));
  if (hasHeal) actors.push(actor("heal", "R0"));
  return { now: 0, born: 0, shops, actors };
}

function actor(kind: Actor["kind"], name: Name): Actor {
  const nothing = { keys: [], going: [], named: [], aged: [] };
  return {
    kind,
    name,
    step: 0,
    store: 0,
    startedAt: never,
    lookedAt: never,
    runs: 0,
    isNew: false,
    ...nothing,
  };
}

interface Move {
  readonly next: World;
  readonly did: string;
  readonly isStarved: boolean;
}

/** Ends an actor; it takes no further step. */
const over = 99;
const never = -100;

function* moves(world: World, cast: Cast, rules: Rules): Generator<Move> {
  const later = copy(world);
  later.now += 1;
  yield { next: later, did: "tick", isStarved: false };
  if (cast.hasLeap && world.shops[0]?.leap === 0) {
    const next = copy(world);
    const [shop] = next.shops;
    if (shop !== undefined) shop.leap = trueRules.graceTicks;
    yield { next, did: "the clock of store 0 leaps", isStarved: false };
  }
  for (const [index, { kind, name, step }] of world.actors.entries()) {
    if (step === over || isAlike(world.actors, index)) continue;
    for (const choice of choices(world, index, cast)) {
      const next = copy(world);
      const self = next.actors[index];
      if (self === undefined) continue;
      const end = act(next, self, choice, cast, rules);
      if (end !== "idle") {
        yield {
          next,
          did: `${kind} ${name} step ${String(step)} ${choice ?? ""}`,
          isStarved: end === "starved",
        };
      }
    }
  }
}

/** Of backups that have not begun only the first may: they differ by name alone. */
function isAlike(actors: readonly Actor[], index: number): boolean {
  const [self, before] = [actors[index], actors[index - 1]];
  return self?.kind === "backup" && self.step === 0 && before?.kind === "backup" && before.step === 0;
}

/** A prune may take any record away, or none, as the rule of some plan would have it. */
function choices({ actors, shops }: World, index: number, { prunes }: Cast): readonly (Name | null)[] {
  const self = actors[index];
  if (self?.kind !== "prune" || self.step !== 0) return [null];
  if (self.runs >= (prunes[Number(self.name.slice(1)) - 1] ?? 0)) return [];
  return [null, ...new Set(shops.flatMap(({ records }) => Object.keys(records)))];
}

type End = "done" | "idle" | "starved";

function act(world: World, self: Actor, choice: Name | null, cast: Cast, rules: Rules): End {
  switch (self.kind) {
    case "backup":
      return backUp(world, self, cast.backups[Number(self.name.slice(1)) - 1] ?? [], rules);
    case "prune":
      return prune(world, self, choice, rules);
    case "replicate":
      return replicate(world, self, rules);
    case "heal":
      return heal(world, self);
  }
}

/** 0 looks and decides, 1 uploads, 2 lists, 3 reads what is condemned, 4 records; 1 and 4 store by store. */
function backUp(world: World, self: Actor, places: readonly number[], rules: Rules): End {
  const shops = places.flatMap((place) => world.shops[place] ?? []);
  switch (self.step) {
    case 0: {
      const dead = rules.readsCondemned ? listed(shops) : [];
      const named = shops.flatMap(({ records }) => Object.values(records).flat());
      const known = named.find((key) => !dead.includes(key) && shops.every(({ objects }) => key in objects));
      self.startedAt = world.now;
      self.isNew = known === undefined;
      self.keys = [known ?? (rules.hasDigestInKey ? `k${String((world.born += 1))}` : "k0")];
      self.step = self.isNew ? 1 : 2;
      return "done";
    }
    case 1: {
      const shop = shops[self.store];
      for (const key of self.keys) if (shop !== undefined) shop.objects[key] ??= world.now;
      return nextStore(self, shops.length, 2);
    }
    case 2:
      if (!holdAll(shops, self.keys)) return finish(self);
      self.step = 3;
      self.lookedAt = world.now;
      return "done";
    case 3: {
      const isDead = rules.readsCondemned && listed(shops).some((key) => self.keys.includes(key));
      const isInTime = world.now - self.startedAt <= rules.lengthTicks;
      if (isDead && self.isNew && isInTime) return "starved";
      if (isDead) return finish(self);
      self.step = 4;
      return "done";
    }
    default: {
      if (world.now - self.startedAt > rules.lengthTicks) return finish(self);
      if (world.now - self.lookedAt > rules.lookTicks) return finish(self);
      const shop = shops[self.store];
      if (shop !== undefined) shop.records[self.name] = self.keys;
      return nextStore(self, shops.length, over);
    }
  }
}

/** 0 notes what is aged and whom to remove, 1 condemns and removes its record, 3 reads records, 4 removes objects, 5 condemns; all but 0 store by store. */
function prune(world: World, self: Actor, choice: Name | null, rules: Rules): End {
  const { shops, now } = world;
  const shop = shops[self.store];
  if (shop === undefined) return "idle";
  switch (self.step) {
    case 0:
      self.aged = agedKeys(world, rules);
      self.going = choice === null ? [] : [choice];
      // What the first look saw is all that a prune knows which does not look again.
      self.named = rules.readsRecordsAgain
        ? []
        : shops.flatMap(({ records }) =>
            Object.entries(records).flatMap(([name, keys]) => (name === choice ? [] : keys)),
          );
      self.step = choice === null ? 3 : 1;
      return "done";
    case 1:
      for (const name of self.going) {
        shop.lists[name] ??= { storeAt: now + shop.leap, hostAt: now };
        delete shop.records[name];
      }
      return nextStore(self, shops.length, 3);
    case 3:
      if (rules.readsRecordsAgain) self.named = [...self.named, ...Object.values(shop.records).flat()];
      if (self.store === shops.length - 1) decide(world, self, rules);
      nextStore(self, shops.length, 4);
      return "done";
    case 4:
      for (const key of self.going) delete shop.objects[key];
      return nextStore(self, shops.length, 5);
    default:
      for (const key of self.keys) shop.lists[key] ??= { storeAt: now + shop.leap, hostAt: now };
      nextStore(self, shops.length, 0);
      if (self.step === 0) {
        self.runs += 1;
        self.going = [];
        self.keys = [];
        self.named = [];
        self.aged = [];
      }
      return "done";
  }
}

/** What goes and what is condemned, of what nothing names. */
function decide({ shops, now }: World, self: Actor, rules: Rules): void {
  const all = [...new Set(shops.flatMap(({ objects }) => Object.keys(objects)))];
  const unnamed = all.filter((key) => !self.named.includes(key));
  const isOld = (key: Key): boolean =>
    shops.every(({ objects }) => {
      const bornAt = objects[key];
      return bornAt === undefined || now - bornAt > rules.lengthTicks;
    });
  // Without a second reading what was condemned goes when its time has come.
  self.going = (rules.readsRecordsAgain ? unnamed : all).filter((key) => self.aged.includes(key));
  self.keys = unnamed.filter(
    (key) => !shops.every(({ lists }) => key in lists) && (!rules.hasAgeLimit || isOld(key)),
  );
}

function agedKeys({ shops, now }: World, rules: Rules): readonly Key[] {
  const isAged = ({ lists, leap }: Shop, key: Key): boolean => {
    const list = lists[key];
    if (list === undefined) return false;
    const isByStore = now + leap - list.storeAt >= rules.graceTicks;
    return isByStore && (!rules.needsBothClocks || now - list.hostAt >= rules.graceTicks);
  };
  const keys = [...new Set(shops.flatMap(({ lists }) => Object.keys(lists)))];
  return keys.filter((key) => shops.every((shop) => isAged(shop, key)));
}

/** 0 reads the record, 1 copies, 2 lists, 3 reads what is condemned, 4 records. */
function replicate({ shops, now }: World, self: Actor, rules: Rules): End {
  const from = shops[0];
  const to = shops.at(-1);
  if (from === undefined || to === undefined) return "idle";
  switch (self.step) {
    case 0: {
      const keys = from.records[self.name];
      if (keys === undefined) return finish(self);
      self.keys = keys;
      self.step = 1;
      return "done";
    }
    case 1:
      if (!holdAll([from], self.keys)) return finish(self);
      for (const key of self.keys) to.objects[key] ??= now;
      self.step = 2;
      return "done";
    case 2:
      if (!holdAll([to], self.keys)) return finish(self);
      self.lookedAt = now;
      self.step = 3;
      return "done";
    case 3: {
      const dead = rules.readsCondemned ? listed(shops) : [];
      if ([self.name, ...self.keys].some((key) => dead.includes(key))) return finish(self);
      self.step = 4;
      return "done";
    }
    default:
      if (now - self.lookedAt <= rules.lookTicks) to.records[self.name] = self.keys;
      return finish(self);
  }
}

/** 0 reads the record of the last store and the condemned lists, 1 puts back what is lacking, whenever that is. */
function heal({ shops, now }: World, self: Actor): End {
  const to = shops.at(-1);
  if (to === undefined) return "idle";
  if (self.step === 0) {
    const dead = listed(shops);
    self.keys = (to.records[self.name] ?? []).filter((key) => !dead.includes(key));
    if (self.keys.length === 0) return finish(self);
    self.step = 1;
    return "done";
  }
  for (const key of self.keys) to.objects[key] ??= now;
  return finish(self);
}

function finish(self: Actor): End {
  Object.assign(self, actor(self.kind, self.name), { step: over, startedAt: never, lookedAt: never });
  return "done";
}

function nextStore(self: Actor, stores: number, then: number): End {
  self.store = (self.store + 1) % stores;
  if (self.store !== 0) return "done";
  self.step = then;
  return then === over ? finish(self) : "done";
}

function listed(shops: readonly Shop[]): readonly Key[] {
  return shops.flatMap(({ lists }) => Object.keys(lists));
}

function holdAll(shops: readonly Shop[], keys: readonly Key[]): boolean {
  return shops.every(({ objects }) => keys.every((key) => key in objects));
}

function isLost({ shops }: World): boolean {
  return shops.some((shop) => Object.values(shop.records).some((keys) => !holdAll([shop], keys)));
}

function copy({ now, born, shops, actors }: World): World {
  return {
    now,
    born,
    shops: shops.map(({ leap, objects, records, lists }) => ({
      leap,
      objects: { ...objects },
      records: { ...records },
      lists: { ...lists },
    })),
    actors: actors.map((one) => ({ ...one })),
  };
}
