import { noProgress } from "../base/progress.ts";
import type { Talk } from "../desk/talk.ts";
import type { Log } from "../telemetry/log.ts";

/** What verbs say to people goes to the log; nobody watches bars. */
export function logTalk(log: Log): Talk {
  return {
    say: (line) => {
      const warning = /^\s*(?:warning|error): /.test(line);
      const facts = { said: line.trim() };
      if (warning) log.warn("told while working", facts);
      else log.info("told while working", facts);
    },
    progress: () => noProgress,
  };
}
