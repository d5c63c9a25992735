/** A household over a configuration of its own, and what it logs. */
import { systemChance } from "../../src/base/chance.ts";
import { systemClock } from "../../src/base/clock.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { type Household, openHousehold } from "../../src/daemon/household.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { type ConfigFolder, configFolder } from "./config-folder.ts";

export interface HouseholdHome extends AsyncDisposable {
  readonly household: Household;
  readonly folder: ConfigFolder;
  readonly said: readonly string[];
}

/** `yaml` is its configuration; `files` and the `signing.pub.jwk` that it names lie beside it. */
export async function householdHome(
  yaml: string,
  lastLeaseMs: number,
  files: Readonly<Record<string, string>> = {},
): Promise<HouseholdHome> {
  const folder = await configFolder(yaml, { "signing.pub.jwk": "a key", ...files });
  const said: string[] = [];
  const household = await openHousehold(
    {
      config: await loadConfig(folder.path, {}),
      machine: {
        clock: systemClock,
        chance: systemChance,
        monotonicMs: () => performance.now(),
        env: {},
        cwd: folder.folder,
        version: "0.0.0",
        packageFolder: folder.folder,
        hostName: "one",
        uid: 1000,
      },
      onRequest: () => undefined,
      log: createLog({
        level: "info",
        clock: systemClock,
        to: { write: (line: string) => said.push(line) },
        base: {},
      }),
      lastLeaseMs,
    },
    { signal: new AbortController().signal },
  );
  return {
    household,
    folder,
    said,
    [Symbol.asyncDispose]: async () => {
      await household[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
