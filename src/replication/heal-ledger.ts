/** What a heal has found and done so far; every object once, however many backups name it, in a few bytes each. */
import { type Sha256, sha256 } from "../base/digest.ts";
import { DigestSet } from "../base/digest-set.ts";
import type { BackupId, ObjectKey } from "../model/ids.ts";
import type { HealReport, Unhealed } from "./heal-report.ts";
import { lineMark } from "./line-mark.ts";

/** An object by what its bytes ought to be; of a signed document the key alone is fixed. */
export interface Healable {
  readonly key: ObjectKey;
  readonly sha256: Sha256;
}

export class HealLedger {
  readonly #onHealed: (bytes: number) => void;
  readonly #known: ReadonlySet<ObjectKey>;
  readonly #settled = new DigestSet();
  readonly #mended = new DigestSet();
  readonly #hopeless = new DigestSet();
  readonly #statable: ObjectKey[] = [];
  readonly #lost = new Map<ObjectKey, Unhealed>();
  readonly #backups = new Set<BackupId>();
  readonly #notes: string[] = [];
  #healed = 0;
  #whole = 0;
  #bytes = 0;

  /** `known`: what is said to be damaged. */
  constructor(known: ReadonlySet<ObjectKey>, onHealed: (bytes: number) => void) {
    this.#known = known;
    this.#onHealed = onHealed;
  }

  /** Seen to be whole, or made so, or lost. What one backup could not have healed another may, if it says otherwise. */
  isSettled(line: Healable & { readonly bytes?: number }): boolean {
    return this.#settled.mayHave(lineMark(line)) || this.#hopeless.mayHave(hopelessMark(line));
  }

  wasHealed(line: Healable): boolean {
    return this.#mended.mayHave(lineMark(line));
  }

  findWhole(line: Healable): void {
    if (this.#settled.mayHave(lineMark(line))) return;
    this.#settle(line);
    this.#whole += 1;
    if (this.#known.has(line.key)) this.#statable.push(line.key);
  }

  /** `wasMissing`: every listing told so, and nobody need be told that it is there again. */
  heal(line: Healable, bytes: number, wasMissing: boolean = false): void {
    this.#settle(line);
    this.#mended.add(lineMark(line));
    this.#healed += 1;
    this.#bytes += bytes;
    if (!wasMissing || this.#known.has(line.key)) this.#statable.push(line.key);
    this.#onHealed(bytes);
  }

  /** `line`: what was tried, and need not be tried again. */
  lose(lost: Unhealed, line: (Healable & { readonly bytes: number }) | null = null): void {
    if (line !== null) this.#hopeless.add(hopelessMark(line));
    if (!this.#lost.has(lost.key)) this.#lost.set(lost.key, lost);
  }

  touch(backup: BackupId): void {
    this.#backups.add(backup);
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  /** What is to be stated as whole: what was altered and is healed, and of what was found whole only what was said to be damaged. */
  statable(): readonly ObjectKey[] {
    return this.#statable.filter((key) => !this.#lost.has(key)).toSorted();
  }

  sums(): Pick<HealReport, "healed" | "bytes" | "whole" | "unhealed" | "backups" | "notes"> {
    return {
      healed: this.#healed,
      bytes: this.#bytes,
      whole: this.#whole,
      unhealed: [...this.#lost.values()].toSorted((one, other) => (one.key < other.key ? -1 : 1)),
      backups: [...this.#backups].toSorted(),
      notes: this.#notes,
    };
  }

  #settle(line: Healable): void {
    this.#settled.add(lineMark(line));
    this.#lost.delete(line.key);
  }
}

function hopelessMark({ key, sha256: digest, bytes = 0 }: Healable & { readonly bytes?: number }): Sha256 {
  return sha256(Buffer.from(`${key} ${digest} ${String(bytes)}`));
}
