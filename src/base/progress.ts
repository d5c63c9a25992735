/** How far some work has come. Disposing it takes the bar away. */
export interface Progress extends Disposable {
  /** Bytes more that are done. */
  advance(bytes: number): void;
  /** Bytes done in all, for work that counts by itself. */
  reach(bytes: number): void;
  /** The bytes to come became known, or known better. */
  expect(totalBytes: number): void;
  /** What is being done now, in a word or two. */
  phase(text: string): void;
}

/** Shows nothing: standard error is not a terminal. */
export const noProgress: Progress = {
  advance: () => undefined,
  reach: () => undefined,
  expect: () => undefined,
  phase: () => undefined,
  [Symbol.dispose]: () => undefined,
};
