/** `holdfast heal`: rewrite what is damaged or missing in a store from the other stores. */
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import { type ClaimDesk, openClaims } from "../desk/claimed.ts";
import type { Desk } from "../desk/desk.ts";
import { healTenant, proveHealed } from "../desk/heal-orders.ts";
import { healEnd, verifyEnd } from "../desk/run-ends.ts";
import { type BackupId, type StoreName, storeName, type TenantId } from "../model/ids.ts";
import type { Verdict } from "../model/glossary.ts";
import type { HealReport } from "../replication/heal-report.ts";
import { command } from "./frame/command.ts";
import { eachOf, oneOrAll, worst } from "./frame/each-of.ts";
import type { Output } from "./frame/output.ts";
import { tellRefused } from "./frame/refused-databases.ts";
import { spellBytes, table } from "./frame/text.ts";

export const heal = command({
  name: "heal",
  usage: "[tenant]",
  describe: "rewrite what is damaged or missing in a store from another store that holds it whole",
  examples: [
    ["heal acme", "one tenant, in each of its stores"],
    ["heal acme --store frankfurt --verify", "one store, and a new proof of every copy it touched"],
    ["heal --all --json", "everybody, for a script; the same as naming nobody"],
  ],
  options: (yargs) =>
    yargs
      .positional("tenant", { type: "string", describe: "the tenant; all when not given" })
      .option("all", { type: "boolean", describe: "every tenant, configured or discovered" })
      .option("store", { type: "string", requiresArg: true, describe: "one store; all when not given" })
      .option("verify", { type: "boolean", describe: "prove the copies that were healed, if this host may" }),
  run: async ({ tenant, all, store, verify }, context, out) => {
    await using desk = await context.openDesk();
    const chosen = await oneOrAll(desk, tenant, all === true);
    const refused = tenant === undefined ? await tellRefused(desk, out) : 0;
    const parts = chosen.flatMap(({ item }) => partsOf(item, store, desk, tenant !== undefined));
    await using claims = await openClaims(desk, out, context.wait);
    const site: Site = { desk, claims, out, wait: context.wait };
    const { reports, failures } = await eachOf(
      parts,
      (part) => healOne(site, part, verify === true),
      out,
      context.wait,
    );
    out.result(reports.map(asJson), () => text(reports, failures.length > 0));
    const unhealed = reports.flatMap((one) => one.unhealed);
    for (const tenant of lostOf(reports)) {
      out.say(
        `hint: what no store has whole is gone from those backups; \`holdfast backup ${tenant}\` makes a new one`,
      );
    }
    const verdicts = reports.flatMap(({ proofs }) => proofs.map(({ verdict }) => verdict));
    return worst({
      found: unhealed.some(({ mayReturn }) => !mayReturn) || verdicts.includes("refuted"),
      failed: failures.length > 0,
      degraded:
        refused > 0 ||
        unhealed.length > 0 ||
        verdicts.includes("inconclusive") ||
        reports.some(({ down, notes }) => down.length + notes.length > 0),
    });
  },
});

interface Site {
  readonly desk: Desk;
  readonly claims: ClaimDesk;
  readonly out: Output;
  readonly wait: Waiting;
}

interface Part {
  readonly tenant: Tenant;
  readonly store: StoreName;
}

interface Healed extends HealReport {
  readonly proofs: readonly { readonly backup: BackupId; readonly verdict: Verdict }[];
}

/** Of all tenants those that have the store. */
function partsOf(
  tenant: Tenant,
  named: string | undefined,
  { stores }: Desk,
  alone: boolean,
): readonly { readonly title: string; readonly item: Part }[] {
  const part = (store: StoreName): { title: string; item: Part } => ({
    title: `${tenant.id} in ${store}`,
    item: { tenant, store },
  });
  if (named === undefined) return tenant.stores.map(part);
  const parsed = storeName.safeParse(named);
  if (!parsed.success || !stores.has(parsed.data))
    throw new Failure(
      "usage/invalid",
      `there is no store ${named}; there are ${[...stores.keys()].join(", ")}`,
    );
  return alone || tenant.stores.includes(parsed.data) ? [part(parsed.data)] : [];
}

async function healOne(
  { desk, claims, out, wait }: Site,
  { tenant, store }: Part,
  verify: boolean,
): Promise<Healed> {
  const { id } = tenant;
  const report = await claims.claimed(
    { kind: "tenant-write", tenant: id },
    () =>
      claims.noted(
        { tenant, verb: "heal", kind: null, ends: (healed) => [healEnd(healed)] },
        () => healTenant(desk, tenant, store, out, wait),
        wait,
      ),
    wait,
  );
  if (!verify) return { ...report, proofs: [] };
  const proofs = await claims.claimed(
    { kind: "tenant-read", tenant: id, store },
    () =>
      claims.noted(
        { tenant, verb: "verify", kind: null, ends: (made) => made.map(verifyEnd) },
        () => proveHealed(desk, tenant, report, out, wait),
        wait,
      ),
    wait,
  );
  return { ...report, proofs: proofs.map(({ backup, verdict }) => ({ backup, verdict })) };
}

/** Tenants of which something is in no store that could be asked. */
function lostOf(reports: readonly Healed[]): ReadonlySet<TenantId> {
  const lost = reports.filter(({ unhealed }) => unhealed.some(({ mayReturn }) => !mayReturn));
  return new Set(lost.map(({ tenant }) => tenant));
}

function asJson({ down, ...report }: Healed): object {
  return { ...report, down: Object.fromEntries(down.map(({ store, failure }) => [store, failure.message])) };
}

function text(reports: readonly Healed[], hasFailed: boolean): string {
  if (reports.length === 0) return hasFailed ? "nothing was healed" : "there is nothing to heal";
  const rows = reports.map((one) => [
    one.tenant,
    one.store,
    String(one.healed),
    spellBytes(one.bytes),
    String(one.unhealed.length),
    one.proofs.map(({ backup, verdict }) => `${backup} ${verdict}`).join("\n"),
  ]);
  const bad = reports.flatMap(({ store, unhealed }) =>
    unhealed.map(({ key, reason }) => `not healed in ${store}: ${key}: ${reason}`),
  );
  return [table(["tenant", "store", "healed", "bytes", "not healed", "proofs"], rows), ...bad].join("\n");
}
