/** What a line carries while somebody waits on it. Time that passes elsewhere, with who makes or takes the bytes, does not count against it. */
export class LineMeter {
  readonly #windowMs: number;
  #movedBefore = 0;
  #waitedMs = 0;
  #waitingSince: number | null = null;

  /** Whoever has waited for `windowMs` in all has seen enough. */
  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** A new window, `moved` being the bytes that went either way so far. */
  begin(moved: number): void {
    this.#movedBefore = moved;
    this.#waitedMs = 0;
    if (this.#waitingSince !== null) this.#waitingSince = performance.now();
  }

  waits(): void {
    this.#waitingSince ??= performance.now();
  }

  rests(): void {
    if (this.#waitingSince === null) return;
    this.#waitedMs += performance.now() - this.#waitingSince;
    this.#waitingSince = null;
  }

  /** What went through in a window that is over, which begins another one; null before. */
  measured(moved: number): { readonly bytes: number; readonly seconds: number } | null {
    const since = this.#waitingSince;
    const waitedMs = this.#waitedMs + (since === null ? 0 : performance.now() - since);
    if (waitedMs < this.#windowMs) return null;
    const bytes = moved - this.#movedBefore;
    this.begin(moved);
    return { bytes, seconds: waitedMs / 1000 };
  }
}
