/** Bringing a tenant's key objects into a store: as one set, vouched for by its own signed statement. */
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { type BackupRecord, type InventoryLine, type KeyStatement } from "../model/documents.ts";
import type { TenantId } from "../model/ids.ts";
import { keySetKeys } from "../model/layout.ts";
import { fetchCurrent } from "../repository/fetch.ts";
import { keyStatementForm } from "../repository/key-statement-form.ts";
import { examineSigned, readSigned, type SignedForm } from "../repository/signed.ts";
import type { Delivery, MendingShelf } from "./ground.ts";
import { createObject, fetchOrLose, type Lost, placeObject } from "./place-object.ts";

/**
 * Identity and id before the statement, each from whichever store still has it. "store/corrupt" where the
 * store shows another key set under that number which is signed as well: other backups may open with
 * it, so it is never written over. "format/invalid" where inventory and statement disagree.
 */
export async function giveKeys(
  delivery: Delivery,
  record: BackupRecord,
  named: readonly InventoryLine[],
  wait: Waiting,
): Promise<Lost | null> {
  const { ground, to } = delivery;
  const keys = keySetKeys(record.tenant, record.keyGeneration);
  const line = (key: string): InventoryLine => {
    const found = named.find((one) => one.key === key);
    if (found !== undefined) return found;
    throw new Failure("format/invalid", `the inventory of ${record.backup} does not name ${key}`);
  };
  const [statement, identity, id] = [line(keys.statement), line(keys.identity), line(keys.id)];
  const form = keyStatementForm(record, ground.desk.trust);
  const own = { ...statement, form, tenant: record.tenant };
  const there = await refuseAnother(to, own, wait);
  const body = await fetchOrLose(delivery, statement, wait);
  if (!Buffer.isBuffer(body)) return body;
  const reading = await examineSigned(body, form);
  if (reading.kind === "bad") return { key: statement.key, reason: reading.detail, mayReturn: false };
  demandSame(identity, reading.document.identity);
  demandSame(id, reading.document.id);
  for (const one of [identity, id]) {
    const part = await fetchOrLose(delivery, one, wait);
    if (!Buffer.isBuffer(part)) return part;
    const object = { ...one, body: part };
    if (there === "absent") {
      if (await createObject(to, object, ground.desk.clock.now(), wait)) continue;
      await demandGivenUp(delivery, one, wait);
    }
    await placeObject(to, object, ground.desk.clock.now(), wait);
  }
  const object = { ...statement, body };
  if (there === "absent" && (await createObject(to, object, ground.desk.clock.now(), wait))) return null;
  // A birth that ended meanwhile has won.
  await refuseAnother(to, own, wait);
  await placeObject(to, object, ground.desk.clock.now(), wait);
  return null;
}

/** A set is made within seconds; what lies there without a statement for so long was given up, or lost it. */
const birthMaxMs = 3_600_000;

/**
 * Without a statement whatever lies there may be a set that another host is making just now, identity and id
 * before the statement: to write over it would leave backups under keys that lie nowhere. Where a store
 * shows a record of the tenant, no host makes a set.
 */
async function demandGivenUp(
  { ground: { seen }, to: { store } }: Delivery,
  line: InventoryLine,
  wait: Waiting,
): Promise<void> {
  if ((seen.get(store.name) ?? []).length > 0) return;
  const stat = await store.stat(line.key, wait);
  if (stat === null || Buffer.isBuffer(await fetchCurrent(store, line, wait))) return;
  const ageMs = (await store.clock(wait)).getTime() - stat.modifiedAt.getTime();
  if (ageMs > birthMaxMs) return;
  throw new Failure("store/corrupt", `${line.key} in ${store.name} may be of a key set that is being made`, {
    hint: "an hour later it counts as given up",
  });
}

interface OwnStatement extends InventoryLine {
  readonly form: SignedForm<KeyStatement>;
  readonly tenant: TenantId;
}

/** Whether there is any statement, ours or one that is good for nothing. */
async function refuseAnother(
  { store }: MendingShelf,
  { key, sha256, form, tenant }: OwnStatement,
  wait: Waiting,
): Promise<"absent" | "there"> {
  try {
    const there = await readSigned(store, key, form, wait);
    if (there.kind === "bad" || there.sha256 === sha256) return "there";
  } catch (error) {
    if (isFailure(error, "store/absent")) return "absent";
    throw error;
  }
  throw new Failure("store/corrupt", `${key} in ${store.name} is the statement of another key set`, {
    hint: `backups made with either set cannot lie in one store; \`holdfast keys rotate ${tenant}\` makes a set that every store can hold`,
  });
}

/** What may lie under the name of a key object, its own signer says, and not the signer of a record. */
function demandSame({ key, bytes, sha256 }: InventoryLine, stated: KeyStatement["id"]): void {
  if (bytes === stated.bytes && sha256 === stated.sha256) return;
  throw new Failure("format/invalid", `an inventory names ${key} with other bytes than its key statement`);
}
