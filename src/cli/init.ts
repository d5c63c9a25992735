/** `holdfast init`: a working configuration in an empty folder. */
import { resolve } from "node:path";
import { exitCodes, Failure } from "../base/failure.ts";
import { isSecretOrOpenUrl } from "../config/file-schema.ts";
import { planName, tenantId } from "../model/ids.ts";
import { command } from "./frame/command.ts";
import { oneHostHasAllRoles } from "./set-up/one-host.ts";
import { setUp } from "./set-up/set-up.ts";
import { table } from "./frame/text.ts";

export const init = command({
  name: "init",
  usage: "[folder]",
  describe: "write a working configuration with new keys, two directory stores and the shipped plans",
  examples: [
    ["init", "set up in this folder; nothing is ever overwritten"],
    ["init /etc/holdfast --source env:ERP_URL", "tenants are all databases of the server that ERP_URL names"],
    ["init --tenant acme --tenant bravo --plan business", "two tenants, each a database of that name"],
  ],
  repeatable: ["tenant"],
  options: (yargs) =>
    yargs
      .positional("folder", { type: "string", default: ".", describe: "where to write; made when absent" })
      .option("source", {
        type: "string",
        requiresArg: true,
        default: "env:HOLDFAST_SOURCE_URL",
        describe: "where the URL of the PostgreSQL server is kept: env:NAME or file:PATH",
      })
      .option("tenant", {
        type: "string",
        array: true,
        requiresArg: true,
        describe: "a database to back up; may be given several times",
      })
      .option("plan", {
        type: "string",
        requiresArg: true,
        default: "standard",
        describe: "plan of these tenants",
      }),
  run: async ({ folder, source, tenant, plan }, { machine, wait }, out) => {
    const parsedPlan = planName.safeParse(plan);
    if (!parsedPlan.success) throw new Failure("usage/invalid", `--plan ${plan} is not the name of a plan`);
    if (!isSecretOrOpenUrl(source)) {
      throw new Failure(
        "usage/invalid",
        "--source must be env:NAME, file:PATH or a postgres:// URL without a password",
      );
    }
    const done = await setUp(
      {
        folder: resolve(machine.cwd, folder),
        source,
        tenants: [...new Set((tenant ?? []).map((name) => parseTenant(name)))],
        plan: parsedPlan.data,
      },
      machine,
      wait,
    );
    for (const line of oneHostHasAllRoles) out.say(line);
    out.say(
      "Both stores are marked as such; one that is added later is marked by `holdfast stores check NAME`.",
    );
    out.say(
      source.startsWith("env:")
        ? `Next: put the URL of the server into ${source.slice("env:".length)}, then \`holdfast doctor\` and \`holdfast backup --all\`.`
        : "Next: `holdfast doctor`, then `holdfast backup --all`.",
    );
    out.result({ ...done, warnings: [oneHostHasAllRoles.join(" ")] }, () =>
      table(
        ["what", "where"],
        [
          ["configuration", done.config],
          ["keys", done.keys.join("\n")],
          ...done.stores.map(({ name, path }) => [`store ${name}`, path]),
          ["plans", done.plans],
        ],
      ),
    );
    return exitCodes.done;
  },
});

function parseTenant(name: string): ReturnType<typeof tenantId.parse> {
  const parsed = tenantId.safeParse(name);
  if (parsed.success) return parsed.data;
  throw new Failure(
    "usage/invalid",
    `--tenant ${name} ${parsed.error.issues[0]?.message ?? "is not a tenant id"}`,
    {
      hint: "a database of another name is configured in holdfast.yaml, under tenants",
    },
  );
}
