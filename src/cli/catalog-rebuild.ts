/** `holdfast catalog rebuild`: the index of the stores made again from the stores. */
import { exitCodes, Failure } from "../base/failure.ts";
import { type StoreName, storeName } from "../model/ids.ts";
import { openCatalog } from "../desk/open-catalog.ts";
import { rebuildIndex, type Rebuilt } from "../desk/rebuild-index.ts";
import { command } from "./frame/command.ts";
import { count } from "./frame/text.ts";

const sayEvery = 500;

export const catalogRebuild = command({
  name: "catalog rebuild",
  describe: "make the catalog's index again from what the stores hold; choices and history stay",
  examples: [
    ["catalog rebuild", "from every store"],
    ["catalog rebuild --store frankfurt", "from the one that is left"],
  ],
  options: (yargs) => yargs.option("store", { type: "string", describe: "read this store alone" }),
  run: async ({ store }, context, out) => {
    await using desk = await context.openDesk();
    await using catalog = await openCatalog(
      desk.config,
      context.machine,
      { mode: "start", older: "migrate" },
      context.wait,
    );
    if (catalog === null) throw new Failure("internal/bug", "a catalog that was to be started is not there");
    const onProgress = (done: number, of: number): void => {
      if (done % sayEvery === 0 && done < of) out.say(`${String(done)} of ${String(of)} tenants`);
    };
    const only = store === undefined ? null : parseStore(store);
    const rebuilt = await rebuildIndex(desk, catalog, { only, onProgress }, context.wait);
    for (const { tenant, store: where, problem } of rebuilt.problems)
      out.say(`warning: ${[tenant, where, problem].filter((part) => part !== null).join(": ")}`);
    out.result(rebuilt, () => text(rebuilt));
    return rebuilt.problems.length === 0 ? exitCodes.done : exitCodes.degraded;
  },
});

function parseStore(given: string): StoreName {
  const parsed = storeName.safeParse(given);
  if (parsed.success) return parsed.data;
  throw new Failure("usage/invalid", `${given} is no name of a store`);
}

function text({ tenants, backups, copies, stores }: Rebuilt): string {
  return `indexed ${count(tenants, "tenant")} with ${count(backups, "backup")} and ${count(copies, "copy", "copies")} from ${stores.join(", ")}`;
}
