/**
 * The `copy` check: does the store hold every object that the signed inventory names, whole?
 * What the load has read already was checked on the way; the rest is read here.
 */
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import { type CheckResult, compareResult, type Finding } from "../model/check.ts";
import type { InventoryLine } from "../model/documents.ts";
import type { ObjectKey } from "../model/ids.ts";
import { type Damage, fetchFrom } from "../repository/fetch.ts";
import { trueLength } from "../repository/true-length.ts";
import type { ObjectReader } from "../stores/store.ts";

const readsAtOnce = 8;
/** Named to those who count them as absent; more are as many as any listing shows to be. */
const absentMax = 20_000;

export interface Inspection {
  readonly check: CheckResult;
  /** Altered ones first. None of which the inventory alone is wrong: whoever signed the record lied, and others rest on them. */
  readonly damaged: readonly ObjectKey[];
}

export interface InspectionOrder {
  readonly store: ObjectReader;
  readonly inventory: ReadonlyMap<ObjectKey, InventoryLine>;
  /** Objects that were read and matched their digest already. */
  readonly seenWhole: ReadonlySet<ObjectKey>;
  readonly seenDamaged: readonly Damage[];
}

/** Throws when the store cannot be asked; what it lacks or has altered is in the findings. */
export async function inspectCopy(order: InspectionOrder, wait: Waiting): Promise<Inspection> {
  const damage = new Map<ObjectKey, Damage["reason"]>(
    order.seenDamaged.filter((one) => one.store === order.store.name).map((one) => [one.key, one.reason]),
  );
  const unread = [...order.inventory.values()].filter(
    ({ key }) => !order.seenWhole.has(key) && !damage.has(key),
  );
  await eachAtOnce(unread, readsAtOnce, async (line) => {
    const body = await fetchFrom(order.store, line, wait);
    if (!Buffer.isBuffer(body)) damage.set(line.key, body);
  });
  const altered = keysOf(damage, "altered");
  const lies = new Set<ObjectKey>();
  await eachAtOnce(altered, readsAtOnce, async (key) => {
    const line = order.inventory.get(key);
    if (line !== undefined && (await trueLength(order.store, line, wait)) !== null) lies.add(key);
  });
  const findings = [...damage.keys()].toSorted().map((key): Finding => ({
    subject: `object ${key}`,
    difference: lies.has(key) ? "has another length than the inventory says" : (damage.get(key) ?? ""),
  }));
  const compared = order.inventory.size;
  return {
    check: compareResult("copy", compared, findings, `${String(compared)} objects are whole`),
    damaged: [...altered.filter((key) => !lies.has(key)), ...keysOf(damage, "absent").slice(0, absentMax)],
  };
}

function keysOf(damage: ReadonlyMap<ObjectKey, Damage["reason"]>, reason: Damage["reason"]): ObjectKey[] {
  return [...damage].flatMap(([key, why]) => (why === reason ? [key] : [])).toSorted();
}
