/** A daemon as a process of its own, with the pace of the tests: `node daemon-process.ts HOME HOST`; logs to standard output. */
import { join } from "node:path";
import { systemChance } from "../../src/base/chance.ts";
import { systemClock } from "../../src/base/clock.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { runDaemon } from "../../src/daemon/run-daemon.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { createTelemetry } from "../../src/telemetry/telemetry.ts";
import { fastPace } from "./fast-pace.ts";

const [folder = "", host = ""] = process.argv.slice(2);
const stopping = new AbortController();
process.on("SIGTERM", () => stopping.abort());

const config = await loadConfig(join(folder, "holdfast.yaml"), process.env);
await runDaemon(
  {
    config,
    machine: {
      clock: systemClock,
      chance: systemChance,
      monotonicMs: () => performance.now(),
      env: process.env,
      cwd: folder,
      version: "0.0.0",
      packageFolder: folder,
      hostName: host,
      uid: process.getuid?.() ?? -1,
    },
    telemetry: createTelemetry({ version: "0.0.0", perTenant: "all", clock: systemClock }),
    log: createLog({ level: "debug", clock: systemClock, to: process.stdout, base: { host } }),
    pace: fastPace,
    onReload: () => ({ [Symbol.dispose]: () => undefined }),
  },
  { signal: stopping.signal },
);
process.exit(0);
