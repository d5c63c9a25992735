/** What a command is given beside its arguments. */
import type { Waiting } from "../../base/waiting.ts";
import type { Config } from "../../config/config.ts";
import type { Desk } from "../../desk/desk.ts";
import type { Machine } from "../../desk/machine.ts";

export interface Context {
  readonly machine: Machine;
  readonly wait: Waiting;
  /** Absolute path given by `--config`, or `holdfast.yaml` in the working folder. */
  readonly configPath: string;
  /** Reads and checks the configuration; "config/invalid" lists every problem. */
  config(): Promise<Config>;
  /** Everything a verb works with, built from the configuration (of `config` when given, as the demo does). `await using`. */
  openDesk(config?: Config): Promise<Desk>;
}
