/** Every command there is, in the order of the help. */
import type { Command } from "./command.ts";
import { configCheck } from "./config-check.ts";

export const commands: readonly Command[] = [configCheck];
