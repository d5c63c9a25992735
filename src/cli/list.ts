/** `holdfast list`: what the stores hold, from the stores alone. */
import { exitCodes, Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { discoveredName } from "../config/match-discovered.ts";
import type { CopyState } from "../model/choose.ts";
import { type TenantId, tenantId } from "../model/ids.ts";
import type { BackupEntry } from "../repository/backup-entry.ts";
import { tenantStates, type TenantStates } from "../repository/states.ts";
import { command } from "./frame/command.ts";
import type { Desk } from "../desk/desk.ts";
import { groupedNotesByBackup } from "../desk/grouped-notes.ts";
import { heldTenants } from "./frame/held-tenants.ts";
import type { Output } from "./frame/output.ts";
import { tellStoresBeside } from "../desk/tell-stores-beside.ts";
import { libraryOf } from "../desk/tenant-library.ts";
import { spellBytes, table } from "./frame/text.ts";

export interface ListedBackup {
  readonly tenant: TenantId;
  readonly backup: string;
  readonly kind: string;
  readonly at: string;
  readonly plainBytes: number;
  /** Not believed: never restored by itself, never counted. */
  readonly suspect: boolean;
  readonly copies: Readonly<Record<string, CopyState>>;
}

export const list = command({
  name: "list",
  usage: "[tenant]",
  describe: "list backups, the state of each copy and its newest proof, from the stores alone",
  examples: [
    ["list", "the backups of every tenant that any store knows"],
    ["list acme --json", "those of one tenant, newest first, for a script"],
  ],
  options: (yargs) =>
    yargs.positional("tenant", { type: "string", describe: "a tenant; all when not given" }),
  run: async ({ tenant }, context, out) => {
    await using desk = await context.openDesk();
    const tenants = tenant === undefined ? await everyTenant(desk, out, context.wait) : [parseTenant(tenant)];
    const listed: ListedBackup[] = [];
    const silent = new Map<TenantId, readonly string[]>();
    let incomplete = false;
    for (const one of tenants) {
      const states = await statesOrTell(desk, one, { alone: tenant !== undefined }, out, context.wait);
      incomplete ||= states === null || states.down.length > 0;
      if (states === null) continue;
      const { backups, gaps, notes, down } = states;
      silent.set(
        one,
        down.map(({ store }) => store),
      );
      for (const note of groupedNotesByBackup(notes)) out.say(`warning: ${one}: ${note}`);
      for (const { backup, missing, reason } of gaps) {
        out.say(`warning: ${one}: ${backup} follows ${missing}, which is ${reason}`);
      }
      if (backups.length === 0) await tellStoresBeside(desk, { tenant: one }, out, context.wait);
      listed.push(...backups.map((entry) => listedBackup(one, entry)));
    }
    out.result(listed, () => text(listed, silent));
    return incomplete ? exitCodes.degraded : exitCodes.done;
  },
});

/** Of several tenants one whose stores are all down hides no other; null then, and told. */
async function statesOrTell(
  desk: Desk,
  tenant: TenantId,
  { alone }: { readonly alone: boolean },
  out: Output,
  wait: Waiting,
): Promise<TenantStates | null> {
  try {
    return await tenantStates(tenant, await libraryOf(desk, tenant, wait), wait);
  } catch (error) {
    if (alone || !isFailure(error, "store/quorum") || wait.signal.aborted) throw error;
    out.say(`warning: ${tenant}: ${error.message}`);
    return null;
  }
}

export function listedBackup(tenant: TenantId, entry: BackupEntry): ListedBackup {
  const { backup, kind, at, plainBytes, suspect, copies } = entry;
  return { tenant, backup, kind, at, plainBytes, suspect, copies: Object.fromEntries(copies) };
}

/** Configured ones and those that lie in the stores, by name. */
export async function everyTenant(desk: Desk, out: Output, wait: Waiting): Promise<TenantId[]> {
  const { answers } = await heldTenants([...desk.stores.values()], out, wait);
  return [...new Set([...desk.config.tenants.keys(), ...[...answers.values()].flat()])].toSorted();
}

export function parseTenant(text: string): TenantId {
  const parsed = tenantId.safeParse(text);
  if (parsed.success) return parsed.data;
  // The names people have in mind are their databases', of which most with two words are spelt so.
  const meant = tenantId.safeParse(discoveredName(text));
  throw new Failure("usage/invalid", `${text} is no name of a tenant`, {
    hint: meant.success
      ? `a database ${text} that a discovery rule finds is the tenant ${meant.data}; \`holdfast tenants\` lists them`
      : "`holdfast tenants` lists them",
  });
}

/** Of what is not believed nobody looked at the bytes: by a host whose clock is behind, every good copy is from the future. */
export function copyText({ state, proof }: CopyState, suspect: boolean): string {
  if (suspect && state === "damaged") return "not believed";
  return proof === null ? state : `${state}, ${proof.verdict} ${proof.at}`;
}

/** `silent`: stores that were asked about a tenant and did not answer; what they hold is not known. */
function text(listed: readonly ListedBackup[], silent: ReadonlyMap<TenantId, readonly string[]>): string {
  if (listed.length === 0) return "there are no backups";
  return table(
    ["tenant", "backup", "kind", "at", "size", "copies"],
    listed.map((one) => [
      one.tenant,
      one.backup,
      one.suspect ? "suspect" : one.kind,
      one.at,
      spellBytes(one.plainBytes),
      Object.entries(one.copies)
        .map(([store, copy]) =>
          silent.get(one.tenant)?.includes(store) === true
            ? `${store} not known, it does not answer`
            : `${store} ${copyText(copy, one.suspect)}`,
        )
        .join("\n"),
    ]),
  );
}
