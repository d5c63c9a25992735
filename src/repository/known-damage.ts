/** What proofs and findings say of the objects of a store: damaged ones count as absent until healed (trap 23). */
import type { Waiting } from "../base/waiting.ts";
import type { FindingsList, Proof } from "../model/documents.ts";
import type { BackupId, ObjectKey, StoreName, TenantId } from "../model/ids.ts";
import { compareInstants } from "../model/instant.ts";
import type { ObjectReader } from "../stores/store.ts";
import { readFindings } from "./findings.ts";
import type { Library } from "./library.ts";
import { readProofs } from "./proofs.ts";

export interface Statements {
  readonly proofs: readonly Proof[];
  readonly findings: readonly FindingsList[];
}

/** Trusted ones that lie in one store, about copies in any; each newest first. */
export async function readStatements(
  tenant: TenantId,
  store: ObjectReader,
  library: Pick<Library, "trust" | "clock">,
  wait: Waiting,
): Promise<Statements> {
  const [proofs, findings] = await Promise.all([
    readProofs(tenant, store, library, wait),
    readFindings(tenant, store, library, wait),
  ]);
  return { proofs, findings };
}

/**
 * `stores` are those of today with their ids, null where it is not known. What was said of a store that has another
 * name by now, as where a configuration was written anew after a disaster, is taken to be about the one that has its
 * id, also where its old name is another's by now.
 */
export function joinStatements(
  each: Iterable<Statements>,
  stores: ReadonlyMap<StoreName, string | null>,
): Statements {
  const all = [...each];
  const names = new Map(Array.from(stores, ([name, id]) => [id, name]));
  const today = <T extends Proof | FindingsList>(one: T): T => {
    const id = stores.get(one.store);
    // One whose id is not known may be the very store; then another that bears the id is a copy of it.
    const keepsName = id === null || id === one.storeId;
    return keepsName ? one : { ...one, store: names.get(one.storeId) ?? one.store };
  };
  return {
    proofs: all.flatMap((one) => one.proofs.map(today)),
    findings: all.flatMap((one) => one.findings.map(today)),
  };
}

/**
 * Objects of a store that a proof or a scrub found absent or altered and of which nothing later says that
 * they are whole: neither a heal (or scrub) that names the key, nor, for what a proof found, a later
 * proof of the same copy. With `of` also a later proof of that backup tells that its objects are
 * whole again. `storeId` null: whatever id the statement names.
 */
export function damagedKeys(
  { proofs, findings }: Statements,
  store: StoreName,
  storeId: string | null,
  of?: BackupId,
): ReadonlySet<ObjectKey> {
  const isHere = (one: Proof | FindingsList): boolean =>
    one.store === store && (storeId === null || one.storeId === storeId);
  const proofsHere = proofs.filter(isHere);
  const findingsHere = findings.filter(isHere);
  const healedAt = newestHealed(findingsHere);
  const provenAt = newestProven(proofsHere);
  const provenAfter = (at: string, ...backups: readonly (BackupId | undefined)[]): boolean =>
    backups.some((backup) => {
      const proven = backup === undefined ? undefined : provenAt.get(backup);
      return proven !== undefined && compareInstants(proven, at) > 0;
    });
  const damaged = new Set<ObjectKey>();
  const add = (keys: readonly ObjectKey[], at: string): void => {
    for (const key of keys) {
      const healed = healedAt.get(key);
      if (healed === undefined || compareInstants(healed, at) <= 0) damaged.add(key);
    }
  };
  for (const one of proofsHere) if (!provenAfter(one.at, one.backup, of)) add(one.damaged, one.at);
  for (const one of findingsHere) if (!provenAfter(one.at, of)) add(one.damaged, one.at);
  return damaged;
}

/** Chunks that somebody lied about; alike in every store, and for good. */
export function misnamedKeys({ proofs, findings }: Statements): ReadonlySet<ObjectKey> {
  return new Set([...proofs, ...findings].flatMap(({ misnamed = [] }) => misnamed));
}

/**
 * The first second that is later than every statement about the store: what is said then is newer, even
 * where the host that spoke last has a clock a little ahead of ours.
 */
export function afterEveryStatement({ proofs, findings }: Statements, store: StoreName, now: Date): Date {
  const said = [...proofs, ...findings].filter((one) => one.store === store).map(({ at }) => Date.parse(at));
  return new Date(said.reduce((latest, at) => Math.max(latest, at + 1000), now.getTime()));
}

function newestHealed(findings: readonly FindingsList[]): ReadonlyMap<ObjectKey, string> {
  return newestOf(findings.map(({ healed, at }) => ({ keys: healed, at })));
}

function newestProven(proofs: readonly Proof[]): ReadonlyMap<BackupId, string> {
  const proven = proofs.filter(({ verdict }) => verdict === "proven");
  return newestOf(proven.map(({ backup, at }) => ({ keys: [backup], at })));
}

/** For each key the newest word that names it. */
function newestOf<Key>(
  said: readonly { readonly keys: readonly Key[]; readonly at: string }[],
): ReadonlyMap<Key, string> {
  const newest = new Map<Key, string>();
  for (const { keys, at } of said) {
    for (const key of keys) {
      const before = newest.get(key);
      if (before === undefined || compareInstants(at, before) > 0) newest.set(key, at);
    }
  }
  return newest;
}
