/** What a heal has found and done so far; every object once, however many backups name it. */
import type { BackupId, ObjectKey } from "../model/ids.ts";
import type { HealReport, Unhealed } from "./heal-report.ts";

export class HealLedger {
  readonly #onHealed: (bytes: number) => void;
  readonly #whole = new Set<ObjectKey>();
  readonly #healed = new Set<ObjectKey>();
  readonly #lost = new Map<ObjectKey, Unhealed>();
  readonly #backups = new Set<BackupId>();
  readonly #notes: string[] = [];
  #bytes = 0;

  constructor(onHealed: (bytes: number) => void) {
    this.#onHealed = onHealed;
  }

  isSettled(key: ObjectKey): boolean {
    return this.#whole.has(key) || this.#healed.has(key) || this.#lost.has(key);
  }

  wasHealed(key: ObjectKey): boolean {
    return this.#healed.has(key);
  }

  findWhole(key: ObjectKey): void {
    if (!this.isSettled(key)) this.#whole.add(key);
  }

  heal(key: ObjectKey, bytes: number): void {
    this.#healed.add(key);
    this.#bytes += bytes;
    this.#onHealed(bytes);
  }

  lose(lost: Unhealed): void {
    this.#lost.set(lost.key, lost);
  }

  touch(backup: BackupId): void {
    this.#backups.add(backup);
  }

  note(text: string): void {
    this.#notes.push(text);
  }

  /** What is to be stated as whole: what was healed, and of what was found whole only what was said to be damaged. */
  statable(known: ReadonlySet<ObjectKey>): readonly ObjectKey[] {
    const found = [...this.#whole].filter((key) => known.has(key));
    return [...this.#healed, ...found].toSorted();
  }

  sums(): Pick<HealReport, "healed" | "bytes" | "whole" | "unhealed" | "backups" | "notes"> {
    return {
      healed: this.#healed.size,
      bytes: this.#bytes,
      whole: this.#whole.size,
      unhealed: [...this.#lost.values()].toSorted((one, other) => (one.key < other.key ? -1 : 1)),
      backups: [...this.#backups].toSorted(),
      notes: this.#notes,
    };
  }
}
