/** The home of a challenge: keys, two directory stores and the shipped plans, as `init` makes them. */
import { challengeTenants } from "../../challenge/ground.ts";
import type { Waiting } from "../../base/waiting.ts";
import type { Config } from "../../config/config.ts";
import { loadConfig } from "../../config/load-config.ts";
import type { Machine } from "../../desk/machine.ts";
import { planName, tenantId } from "../../model/ids.ts";
import { setUp } from "../set-up/set-up.ts";

/** `folder` is made. No source is named: the challenge brings its own. */
export async function challengeHome(folder: string, machine: Machine, wait: Waiting): Promise<Config> {
  const wish = {
    folder,
    source: "file:./keys/source-url",
    tenants: challengeTenants.map((name) => tenantId.parse(name)),
    plan: planName.parse("standard"),
  };
  const { config } = await setUp(wish, machine, wait);
  return loadConfig(config, machine.env);
}
