/** `holdfast config check`: reads the configuration and lists every problem at once. */
import { exitCodes } from "../base/failure.ts";
import type { Config } from "../config/config.ts";
import { command } from "./frame/command.ts";
import { count } from "./frame/text.ts";

export const configCheck = command({
  name: "config check",
  describe: "read the configuration and its plans, and list every problem at once",
  examples: [
    ["config check", "examine ./holdfast.yaml"],
    ["config check --config /etc/holdfast/holdfast.yaml --json", "examine another one, for a script"],
  ],
  options: (yargs) => yargs,
  run: async (_args, context, out) => {
    const config = await context.config();
    out.result(summary(config), () => sentence(config));
    return exitCodes.done;
  },
});

function summary(config: Config) {
  return {
    config: config.path,
    plans: [...config.plans.keys()],
    stores: [...config.stores.keys()],
    sources: [...config.sources.keys()],
    tenants: [...config.tenants.values()].map((tenant) => ({
      tenant: tenant.id,
      source: tenant.source.name,
      plan: tenant.planName,
      stores: tenant.stores,
    })),
    discover: config.discover.length,
  };
}

function sentence(config: Config): string {
  const parts = [
    count(config.plans.size, "plan"),
    count(config.stores.size, "store"),
    count(config.sources.size, "source"),
    count(config.tenants.size, "tenant"),
    count(config.discover.length, "rule of discovery", "rules of discovery"),
  ];
  return `${config.path} is good: ${parts.join(", ")}`;
}
