import type { TocEntry } from "../archive/toc.ts";

/**
 * What all who attach an index have in common, in place of a table; entries count from 1. A partitioned index becomes
 * valid with the last one that is attached below it, on any level, and two at a time left some invalid for ever.
 */
const attaching = 0;

/** An entry of the archive, or other work that is known by a number of its own and depends on entries. */
export type Scheduled = Pick<TocEntry, "dumpId" | "desc" | "dependencies">;

const tables = new Set(["TABLE", "MATERIALIZED VIEW", "FOREIGN TABLE"]);

/**
 * Hands out entries to several lanes: a rank when the one before is done, an entry when what it depends
 * on is done and no other lane holds its tables. Building an index shares its table with other
 * builders; everything else wants its tables alone, which spares the lanes deadlocks.
 */
export class Schedule<Work extends Scheduled> {
  #waiting: Work[];
  readonly #rank: (work: Work) => number;
  readonly #open: Set<number>;
  readonly #openOfRank = new Map<number, number>();
  readonly #byId: ReadonlyMap<number, Scheduled>;
  readonly #shared = new Map<number, number>();
  readonly #exclusive = new Set<number>();
  #sleepers: (() => void)[] = [];
  #stopped = false;

  /** `all` holds the entries that `entries` may depend on, tables above all. */
  constructor(entries: readonly Work[], all: readonly Scheduled[], rank: (work: Work) => number) {
    this.#rank = rank;
    this.#waiting = entries.toSorted((a, b) => rank(a) - rank(b));
    this.#open = new Set(entries.map(({ dumpId }) => dumpId));
    this.#byId = new Map(all.map((entry) => [entry.dumpId, entry]));
    for (const entry of entries)
      this.#openOfRank.set(rank(entry), (this.#openOfRank.get(rank(entry)) ?? 0) + 1);
  }

  /** The next entry that may run, once there is one; `null` when all have been handed out. */
  async next(): Promise<Work | null> {
    for (;;) {
      if (this.#stopped || this.#waiting.length === 0) return null;
      const lowest = Math.min(...[...this.#openOfRank].filter(([, open]) => open > 0).map(([rank]) => rank));
      const index = this.#waiting.findIndex((entry) => this.#rank(entry) <= lowest && this.#mayRun(entry));
      // Dependencies that run in a circle, or on a later rank, must not stop the load: somebody goes first.
      const idle =
        this.#exclusive.size === 0 && this.#shared.size === 0 && this.#open.size === this.#waiting.length;
      const chosen = index >= 0 ? index : idle ? 0 : -1;
      const [entry] = chosen < 0 ? [] : this.#waiting.splice(chosen, 1);
      if (entry !== undefined) {
        this.#hold(entry);
        return entry;
      }
      await new Promise<void>((resolve) => {
        this.#sleepers.push(resolve);
      });
    }
  }

  /** The entry has run, well or not. */
  done(entry: Work): void {
    this.#close(entry);
    for (const table of this.#tablesOf(entry)) {
      const sharers = (this.#shared.get(table) ?? 0) - 1;
      if (!sharesTable(entry)) this.#exclusive.delete(table);
      else if (sharers > 0) this.#shared.set(table, sharers);
      else this.#shared.delete(table);
    }
    this.#wake();
  }

  /** The entry is still to be run, but not by this schedule; nor is what waits for it, which is not handed out. */
  putOff(entry: Work): void {
    const off = new Set([entry.dumpId]);
    const waitsForIt = ({ dependencies }: Work): boolean => dependencies.some((id) => off.has(id));
    // One may wait for another that comes behind it.
    for (let before = 0; before < off.size;) {
      before = off.size;
      for (const work of this.#waiting) if (waitsForIt(work)) off.add(work.dumpId);
    }
    const dropped = this.#waiting.filter(({ dumpId }) => off.has(dumpId));
    this.#waiting = this.#waiting.filter(({ dumpId }) => !off.has(dumpId));
    for (const work of dropped) this.#close(work);
    this.done(entry);
  }

  /** What has not been handed out. */
  get waiting(): readonly Work[] {
    return this.#waiting;
  }

  /** Hands out nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  #close(entry: Work): void {
    this.#open.delete(entry.dumpId);
    const rank = this.#rank(entry);
    this.#openOfRank.set(rank, (this.#openOfRank.get(rank) ?? 1) - 1);
  }

  #wake(): void {
    const sleepers = this.#sleepers;
    this.#sleepers = [];
    for (const wake of sleepers) wake();
  }

  #mayRun(entry: Work): boolean {
    if (entry.dependencies.some((id) => this.#open.has(id))) return false;
    return [...this.#tablesOf(entry)].every(
      (table) => !this.#exclusive.has(table) && (sharesTable(entry) || !this.#shared.has(table)),
    );
  }

  #hold(entry: Work): void {
    for (const table of this.#tablesOf(entry)) {
      if (sharesTable(entry)) this.#shared.set(table, (this.#shared.get(table) ?? 0) + 1);
      else this.#exclusive.add(table);
    }
  }

  /** The tables it depends on, itself or by way of a constraint or index. */
  #tablesOf(entry: Work): Set<number> {
    const found = new Set<number>(entry.desc === "INDEX ATTACH" ? [attaching] : []);
    for (const id of entry.dependencies) {
      const direct = this.#byId.get(id);
      if (direct === undefined) continue;
      if (tables.has(direct.desc)) found.add(id);
      if (!["CONSTRAINT", "INDEX"].includes(direct.desc)) continue;
      for (const far of direct.dependencies) if (tables.has(this.#byId.get(far)?.desc ?? "")) found.add(far);
    }
    return found;
  }
}

function sharesTable(entry: Scheduled): boolean {
  return entry.desc === "INDEX";
}
