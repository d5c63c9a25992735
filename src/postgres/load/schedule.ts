import type { TocEntry } from "../archive/toc.ts";

/**
 * What all who attach an index have in common, in place of a table; entries count from 1. A partitioned index becomes
 * valid with the last one that is attached below it, on any level, and two at a time left some invalid for ever.
 */
const attaching = 0;

type Rank = (entry: TocEntry) => number;

const tables = new Set(["TABLE", "MATERIALIZED VIEW", "FOREIGN TABLE"]);

/**
 * Hands out entries to several lanes: a rank when the one before is done, an entry when what it depends
 * on is done and no other lane holds its tables. Building an index shares its table with other
 * builders; everything else wants its tables alone, which spares the lanes deadlocks.
 */
export class Schedule {
  readonly #waiting: TocEntry[];
  readonly #rank: Rank;
  readonly #open: Set<number>;
  readonly #openOfRank = new Map<number, number>();
  readonly #byId: ReadonlyMap<number, TocEntry>;
  readonly #shared = new Map<number, number>();
  readonly #exclusive = new Set<number>();
  #sleepers: (() => void)[] = [];
  #stopped = false;

  /** `all` holds the entries that `entries` may depend on, tables above all. */
  constructor(entries: readonly TocEntry[], all: readonly TocEntry[], rank: Rank) {
    this.#rank = rank;
    this.#waiting = entries.toSorted((a, b) => rank(a) - rank(b));
    this.#open = new Set(entries.map(({ dumpId }) => dumpId));
    this.#byId = new Map(all.map((entry) => [entry.dumpId, entry]));
    for (const entry of entries)
      this.#openOfRank.set(rank(entry), (this.#openOfRank.get(rank(entry)) ?? 0) + 1);
  }

  /** The next entry that may run, once there is one; `null` when all have been handed out. */
  async next(): Promise<TocEntry | null> {
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
  done(entry: TocEntry): void {
    this.#open.delete(entry.dumpId);
    const rank = this.#rank(entry);
    this.#openOfRank.set(rank, (this.#openOfRank.get(rank) ?? 1) - 1);
    for (const table of this.#tablesOf(entry)) {
      const sharers = (this.#shared.get(table) ?? 0) - 1;
      if (!isShared(entry)) this.#exclusive.delete(table);
      else if (sharers > 0) this.#shared.set(table, sharers);
      else this.#shared.delete(table);
    }
    this.#wake();
  }

  /** Hands out nothing more. */
  stop(): void {
    this.#stopped = true;
    this.#wake();
  }

  #wake(): void {
    const sleepers = this.#sleepers;
    this.#sleepers = [];
    for (const wake of sleepers) wake();
  }

  #mayRun(entry: TocEntry): boolean {
    if (entry.dependencies.some((id) => this.#open.has(id))) return false;
    return [...this.#tablesOf(entry)].every(
      (table) => !this.#exclusive.has(table) && (isShared(entry) || !this.#shared.has(table)),
    );
  }

  #hold(entry: TocEntry): void {
    for (const table of this.#tablesOf(entry)) {
      if (isShared(entry)) this.#shared.set(table, (this.#shared.get(table) ?? 0) + 1);
      else this.#exclusive.add(table);
    }
  }

  /** The tables it depends on, itself or by way of a constraint or index. */
  #tablesOf(entry: TocEntry): Set<number> {
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

function isShared(entry: TocEntry): boolean {
  return entry.desc === "INDEX";
}
