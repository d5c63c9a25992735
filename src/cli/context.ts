/** What a command is given beside its arguments: the machine it runs on, as arguments. */
import type { Chance } from "../base/chance.ts";
import type { Clock } from "../base/clock.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Config } from "../config/config.ts";
import type { Environment } from "../config/secret.ts";
import type { Desk } from "./desk.ts";

export interface Machine {
  readonly clock: Clock;
  readonly chance: Chance;
  /** Milliseconds that only grow, for durations. */
  readonly monotonicMs: () => number;
  readonly env: Environment;
  /** The working folder, absolute. */
  readonly cwd: string;
  /** Of this Holdfast. */
  readonly version: string;
  /** The folder that holds `plans/` of the package. */
  readonly packageFolder: string;
  readonly hostName: string;
  /** The user id of this process; -1 where the system has none. */
  readonly uid: number;
}

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
