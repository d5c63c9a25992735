/**
 * Where a command prints: data to standard output, talk and progress to standard error.
 * With `--json` the data is one JSON document and nothing else reaches standard output.
 */
import { printable } from "./printable.ts";
import type { Progress } from "../../base/progress.ts";
import type { Talk } from "../../desk/talk.ts";

/** Talk goes to standard error, bars too when that is a terminal. */
export interface Output extends Talk {
  /** The one result of a command, printed once: `data` as JSON with `--json`, else the lines of `text`. */
  result(data: unknown, text: () => string): void;
}

/** The two streams, and whether the second is a terminal that can show bars. */
export interface Streams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

export interface PrintedOutput extends Output {
  /** Whether the one result is out already. */
  printed(): boolean;
}

/** An `Output` on two streams; `startProgress` makes the bars. */
export function printTo(
  streams: Streams,
  json: boolean,
  startProgress: (title: string, totalBytes: number | null) => Progress,
): PrintedOutput {
  let done = false;
  return {
    result: (data, text) => {
      if (done) throw new TypeError("a command prints one result");
      done = true;
      const body = json ? JSON.stringify(data, null, 2) : printable(text());
      if (body !== "") streams.stdout.write(body.endsWith("\n") ? body : `${body}\n`);
    },
    say: (line) => {
      streams.stderr.write(`${printable(line)}\n`);
    },
    progress: startProgress,
    printed: () => done,
  };
}
