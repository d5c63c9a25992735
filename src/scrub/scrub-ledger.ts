/** What a scrub has seen so far; every object once, however many backups name it. */
import type { Sha256 } from "../base/digest.ts";
import { DigestSet } from "../base/digest-set.ts";
import type { BackupId, ObjectKey } from "../model/ids.ts";

export class ScrubLedger {
  readonly damaged = new Set<ObjectKey>();
  /** With a backup that names each. */
  readonly missing = new Map<ObjectKey, BackupId>();
  /** Backups whose key objects here are of another key set: nothing is damaged, and from here they do not open. */
  readonly unopenable = new Set<BackupId>();
  readonly notes: string[] = [];
  whole = 0;
  /** Signed documents of which the signer alone is in doubt. */
  untrusted = 0;
  bytes = 0;
  readonly #known: ReadonlySet<ObjectKey>;
  readonly #watch: (bytes: number) => void;
  readonly #recovered = new Set<ObjectKey>();
  readonly #seen = new DigestSet();

  /** `known`: what was said to be damaged. `watch`: told the bytes of each object that was read. */
  constructor(known: ReadonlySet<ObjectKey>, watch: (bytes: number) => void) {
    this.#known = known;
    this.#watch = watch;
  }

  countRead(bytes: number): void {
    this.bytes += bytes;
    this.#watch(bytes);
  }

  /** Whether this is the first time, for a chunk by its digest; once in 2^43 it is and is passed over. */
  meets(digest: Sha256): boolean {
    if (this.#seen.mayHave(digest)) return false;
    this.#seen.add(digest);
    return true;
  }

  findWhole(key: ObjectKey): void {
    this.whole += 1;
    if (this.#known.has(key)) this.#recovered.add(key);
  }

  /** Of the objects that were said to be damaged, those of which nothing says so any more. */
  recovered(): readonly ObjectKey[] {
    return [...this.#recovered].filter((key) => !this.damaged.has(key)).toSorted();
  }
}
