import { MultiBar, type SingleBar } from "cli-progress";
import type { Progress } from "../../base/progress.ts";
import { spell } from "../../model/duration.ts";
import { printable } from "./printable.ts";
import { spellBytes } from "./text.ts";

export interface BarState {
  readonly title: string;
  readonly phase: string;
  readonly doneBytes: number;
  readonly totalBytes: number | null;
  readonly elapsedMs: number;
}

const barCells = 24;

/** `acme rows [######------] 48 %  1.2 GB of 2.5 GB  88 MB/s  15 s left`. */
export function barLine({ title, phase, doneBytes, totalBytes, elapsedMs }: BarState): string {
  const rate = elapsedMs > 0 ? (doneBytes * 1000) / elapsedMs : 0;
  const head = printable(phase === "" ? title : `${title} ${phase}`).replaceAll(/[\n\t]/g, " ");
  const tail = `${spellBytes(rate)}/s`;
  if (totalBytes === null || totalBytes === 0) return `${head}  ${spellBytes(doneBytes)}  ${tail}`;
  // An estimate may be passed; a bar beyond its end would tell nothing.
  const share = Math.min(1, doneBytes / totalBytes);
  const filled = Math.round(share * barCells);
  const bar = `[${"#".repeat(filled)}${"-".repeat(barCells - filled)}] ${String(Math.floor(share * 100))} %`;
  const left = rate > 0 && share < 1 ? `  ${spell(((totalBytes - doneBytes) * 1000) / rate)} left` : "";
  return `${head} ${bar}  ${spellBytes(doneBytes)} of ${spellBytes(totalBytes)}  ${tail}${left}`;
}

/**
 * Bars on a terminal, one line for each piece of work under way. `nowMs` is a clock that never
 * goes back. Returns the function that starts a bar.
 */
export function terminalProgress(
  stream: NodeJS.WritableStream,
  nowMs: () => number,
): (title: string, totalBytes: number | null) => Progress {
  const bars = new Set<SingleBar>();
  let board: MultiBar | undefined;
  return (title, totalBytes) => {
    board ??= new MultiBar({
      stream,
      clearOnComplete: true,
      hideCursor: true,
      gracefulExit: false,
      format: (_options, _params, payload: { line?: () => string }) => payload.line?.() ?? "",
    });
    const startedMs = nowMs();
    let state: Omit<BarState, "elapsedMs"> = { title, phase: "", doneBytes: 0, totalBytes };
    const line = (): string => barLine({ ...state, elapsedMs: nowMs() - startedMs });
    const shown = board;
    const bar = shown.create(1, 0, { line });
    bars.add(bar);
    return {
      advance: (bytes) => {
        state = { ...state, doneBytes: state.doneBytes + bytes };
      },
      reach: (bytes) => {
        state = { ...state, doneBytes: bytes };
      },
      expect: (bytes) => {
        state = { ...state, totalBytes: bytes };
      },
      phase: (text) => {
        state = { ...state, phase: text };
      },
      [Symbol.dispose]: () => {
        if (!bars.delete(bar)) return;
        bar.stop();
        shown.remove(bar);
        if (bars.size > 0) return;
        shown.stop();
        board = undefined;
      },
    };
  };
}
