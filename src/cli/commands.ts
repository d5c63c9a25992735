/** Every command there is, in the order of the help. */
import type { Command } from "./command.ts";
import { configCheck } from "./config-check.ts";
import { init } from "./init.ts";
import { keysNew } from "./keys-new.ts";
import { keysShow } from "./keys-show.ts";

export const commands: readonly Command[] = [init, configCheck, keysNew, keysShow];
