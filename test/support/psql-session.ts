/** One psql that stays connected and runs one transaction after the other. */
import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { join } from "node:path";
import type { Place } from "./independent-psql.ts";

export class PsqlSession {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<void>;
  #said = "";
  #complaints = "";
  #round = 0;
  #waiting: {
    readonly resolve: (printed: string) => void;
    readonly reject: (error: unknown) => void;
  } | null = null;

  constructor(place: Place) {
    this.#child = spawn(join(place.binFolder, "psql"), ["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1"], {
      env: { PATH: process.env["PATH"], LC_ALL: "C", ...place.environment },
      stdio: "pipe",
    });
    this.#child.stdout.setEncoding("utf8").on("data", (part: string) => {
      this.#said += part;
      this.#look();
    });
    this.#child.stderr.setEncoding("utf8").on("data", (part: string) => {
      this.#complaints += part;
    });
    this.#child.stdin.on("error", () => undefined);
    this.#ended = new Promise<void>((resolve) => {
      this.#child.on("error", (error) => this.#fail(error, resolve));
      this.#child.on("close", () => this.#fail(new Error(`psql ended: ${this.#complaints}`), resolve));
    });
  }

  /** Runs the statements as one transaction and resolves, once it is committed, with how many rows were written. */
  async run(statements: string): Promise<number> {
    const printed = await new Promise<string>((resolve, reject) => {
      if (this.#child.exitCode !== null) {
        reject(new Error(`psql has ended: ${this.#complaints}`));
        return;
      }
      this.#round += 1;
      this.#waiting = { resolve, reject };
      this.#child.stdin.write(
        `begin;\n${statements}\ncommit;\n\\echo round ${String(this.#round)} is over\n`,
      );
    });
    const tags = printed.matchAll(/^(?:INSERT 0|UPDATE|DELETE) (\d+)$/gm);
    return Array.from(tags, ([, rows]) => Number(rows)).reduce((sum, rows) => sum + rows, 0);
  }

  async close(): Promise<void> {
    this.#child.stdin.end();
    await this.#ended;
  }

  #look(): void {
    const mark = `round ${String(this.#round)} is over\n`;
    if (!this.#said.endsWith(mark)) return;
    const printed = this.#said;
    this.#said = "";
    this.#waiting?.resolve(printed);
    this.#waiting = null;
  }

  #fail(error: Error, ended: () => void): void {
    this.#waiting?.reject(error);
    this.#waiting = null;
    ended();
  }
}
