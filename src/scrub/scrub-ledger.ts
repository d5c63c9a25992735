/** What a scrub has seen so far; every object once, however many backups name it. */
import type { Sha256 } from "../base/digest.ts";
import type { BackupId, ObjectKey } from "../model/ids.ts";

export class ScrubLedger {
  readonly damaged = new Set<ObjectKey>();
  /** With a backup that names each. */
  readonly missing = new Map<ObjectKey, BackupId>();
  /** Of the objects that were said to be damaged, those that are whole. */
  readonly recovered = new Set<ObjectKey>();
  readonly notes: string[] = [];
  whole = 0;
  bytes = 0;
  readonly #known: ReadonlySet<ObjectKey>;
  /** A digest tells one object from another, and takes half of what its key would. */
  readonly #seen = new Set<Sha256>();

  constructor(known: ReadonlySet<ObjectKey>) {
    this.#known = known;
  }

  /** Whether this is the first time. */
  meets(digest: Sha256): boolean {
    if (this.#seen.has(digest)) return false;
    this.#seen.add(digest);
    return true;
  }

  findWhole(key: ObjectKey): void {
    this.whole += 1;
    if (this.#known.has(key)) this.recovered.add(key);
  }
}
