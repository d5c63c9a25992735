/** Which objects of a store are believed for a listing that shows them (trap 23). */
import { DigestSet } from "../base/digest-set.ts";
import type { Waiting } from "../base/waiting.ts";
import type { InventoryLine } from "../model/documents.ts";
import type { BackupId, ObjectKey } from "../model/ids.ts";
import { damagedKeys } from "../repository/known-damage.ts";
import type { GoodRecord } from "../repository/records.ts";
import { type Delivery, sourcesFor } from "./ground.ts";
import { lineMark } from "./line-mark.ts";
import { linesOrLost } from "./named-lines.ts";

/**
 * What trusted records of the same store name, without what was found damaged there. Asked are the
 * neighbours of each backup in time: nearly all that it shares with others it shares with those. Whatever
 * else lies there under a name of the inventory is read before it is believed. Key objects are vouched for
 * by their digest too, since their names hold none.
 */
export class Vouched {
  readonly #delivery: Delivery;
  readonly #damaged: ReadonlySet<ObjectKey>;
  readonly #marks = new DigestSet();
  readonly #read = new Set<BackupId>();
  #whole: readonly GoodRecord[];

  /** `whole`: the good records of the store. */
  constructor(delivery: Delivery, whole: readonly GoodRecord[]) {
    this.#delivery = delivery;
    this.#whole = whole;
    const { ground, to } = delivery;
    const store = to.store.name;
    this.#damaged = damagedKeys(ground.statements, store, ground.storeIds.get(store) ?? null);
  }

  vouchesFor(line: InventoryLine): boolean {
    return !this.#damaged.has(line.key) && this.#marks.mayHave(lineMark(line));
  }

  /** Of this backup every object was believed, read, or written by us. */
  add(record: GoodRecord, lines: Iterable<InventoryLine>): void {
    this.#whole = [...this.#whole, record];
    this.#learn(record.backup, lines);
  }

  async askNeighboursOf({ backup }: GoodRecord, wait: Waiting): Promise<void> {
    const sorted = this.#whole.toSorted((one, other) => (one.backup < other.backup ? -1 : 1));
    const before = sorted.findLast((one) => one.backup < backup);
    const after = sorted.find((one) => one.backup > backup);
    for (const neighbour of [before, after]) {
      if (neighbour === undefined || this.#read.has(neighbour.backup)) continue;
      const sources = sourcesFor(this.#delivery);
      const lines = await linesOrLost(neighbour.record, sources, wait);
      if (!("mayReturn" in lines)) this.#learn(neighbour.backup, lines);
    }
  }

  #learn(backup: BackupId, lines: Iterable<InventoryLine>): void {
    this.#read.add(backup);
    for (const line of lines) this.#marks.add(lineMark(line));
  }
}
