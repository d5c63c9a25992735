/** `holdfast replicate`: complete copies that a store lacks, from the other stores. */
import { openClaims } from "../desk/claimed.ts";
import { replicateTenant } from "../desk/replicate-orders.ts";
import { tellStoresBeside } from "../desk/tell-stores-beside.ts";
import { replicateEnd, type RunEnd } from "../desk/run-ends.ts";
import type { ReplicateReport } from "../replication/replicate.ts";
import { command } from "./frame/command.ts";
import { eachOf, oneOrAll, worst } from "./frame/each-of.ts";
import { tellRefused } from "./frame/refused-databases.ts";
import { spellBytes, table } from "./frame/text.ts";

export const replicate = command({
  name: "replicate",
  usage: "[tenant]",
  describe: "complete copies that a store lacks, from one that holds them, without the source",
  examples: [
    ["replicate acme", "every store of one tenant"],
    ["replicate --all --json", "everybody, for a script; the same as naming nobody"],
  ],
  options: (yargs) =>
    yargs
      .positional("tenant", { type: "string", describe: "the tenant; all when not given" })
      .option("all", { type: "boolean", describe: "every tenant, configured or discovered" }),
  run: async ({ tenant, all }, context, out) => {
    await using desk = await context.openDesk();
    const chosen = await oneOrAll(desk, tenant, all === true);
    const refused = tenant === undefined ? await tellRefused(desk, out) : 0;
    await using claims = await openClaims(desk, out, context.wait);
    let onlyBeside = 0;
    const { reports, failures } = await eachOf(
      chosen,
      async (one) => {
        const report = await claims.claimed(
          { kind: "tenant-write", tenant: one.id },
          () =>
            claims.noted(
              { tenant: one, verb: "replicate", kind: null, ends },
              () => replicateTenant(desk, one, out, context.wait),
              context.wait,
            ),
          context.wait,
        );
        const { held } = report;
        const isTold = await tellStoresBeside(desk, { tenant: one.id, held }, out, context.wait);
        if (isTold && held.size === 0) onlyBeside += 1;
        return report;
      },
      out,
      context.wait,
    );
    out.result(reports.map(asJson), () => text(reports, failures.length > 0));
    const results = reports.flatMap(({ copies }) => copies.map(({ result }) => result));
    return worst({
      found: results.some((result) => result === "lost" || result === "damaged"),
      failed: failures.length > 0,
      degraded:
        refused > 0 ||
        onlyBeside > 0 ||
        reports.some(({ down }) => down.length > 0) ||
        results.some((result) => result === "failed" || result === "condemned"),
    });
  },
});

function ends(report: ReplicateReport): readonly RunEnd[] {
  return [replicateEnd(report)];
}

function asJson({ tenant, copies, documents, down }: ReplicateReport): object {
  return {
    tenant,
    copies,
    documents,
    down: Object.fromEntries(down.map(({ store, failure }) => [store, failure.message])),
  };
}

function text(reports: readonly ReplicateReport[], hasFailed: boolean): string {
  const rows = reports.flatMap(({ tenant, copies }) =>
    copies.map(({ backup, store, result, objects, bytes }) => [
      tenant,
      backup,
      store,
      result,
      String(objects),
      spellBytes(bytes),
    ]),
  );
  const isPartial = hasFailed || reports.some(({ down }) => down.length > 0);
  return rows.length === 0
    ? `no copy was lacking${isPartial ? " in the stores that answered" : ""}`
    : table(["tenant", "backup", "store", "result", "objects", "bytes"], rows);
}
