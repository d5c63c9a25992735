import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Config } from "../config/config.ts";
import type { Machine } from "./context.ts";
import type { Desk } from "./desk.ts";

/** Everything a verb works with, from the configuration. */
export async function openDesk(config: Config, machine: Machine, wait: Waiting): Promise<Desk> {
  await Promise.reject(
    new Failure("internal/bug", `no desk for ${config.path} on ${machine.hostName} yet`, { cause: wait }),
  );
  throw new Failure("internal/bug", "no desk yet");
}
