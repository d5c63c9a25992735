/**
 * Proofs, findings, condemned lists and holds, in every store of the tenant: each store is to tell the
 * whole story, as it may be the one that survives. They are believed for their signatures, so that
 * the bytes of any store whose document is good will do.
 */
import { sha256 } from "../base/digest.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import { proof } from "../model/documents.ts";
import { type ObjectKey, objectKey } from "../model/ids.ts";
import { proofDetailKey, proofsPrefix } from "../model/layout.ts";
import { statementKeys } from "../repository/bad-statements.ts";
import { fetchWhole } from "../repository/fetch.ts";
import { fetchDocument } from "../repository/fetch-document.ts";
import { readSigned } from "../repository/signed.ts";
import { statementForm } from "../repository/statement-forms.ts";
import { storeFailure } from "../repository/library.ts";
import { type Delivery, type Ground, liveMenders, type MendingShelf, sourcesFor } from "./ground.ts";
import { placeObject } from "./place-object.ts";

const documentsAtOnce = 4;

/** What one store lacks and another shows, signed by whom we trust. Returns how many were copied. */
export async function spreadStatements(ground: Ground, wait: Waiting): Promise<number> {
  const held = new Map<MendingShelf, ReadonlySet<ObjectKey>>();
  await ground.shelves.each(async ({ store }) => {
    const shelf = ground.menders.find((one) => one.store.name === store.name);
    if (shelf !== undefined)
      held.set(shelf, await statementKeys(ground.tenant, store, ground.desk.trust, wait));
  }, wait);
  const all = new Set([...held.values()].flatMap((keys) => [...keys]));
  let copied = 0;
  await ground.shelves.each(async ({ store }) => {
    const to = liveMenders(ground).find((one) => one.store.name === store.name);
    const here = to === undefined ? undefined : held.get(to);
    if (to === undefined || here === undefined) return;
    // A prune takes proofs of backups that are gone from store after store; what it named stays away.
    const isWanted = (key: ObjectKey): boolean => !here.has(key) && !ground.condemned.keys.has(key);
    const lacks = [...all].filter(isWanted).toSorted();
    await eachAtOnce(lacks, documentsAtOnce, async (key) => {
      if (await giveStatement({ ground, to }, key, wait)) copied += 1;
    });
  }, wait);
  return copied;
}

/** False when no store shows it signed by anyone we trust: then there is nothing to copy. */
export async function giveStatement(delivery: Delivery, key: ObjectKey, wait: Waiting): Promise<boolean> {
  const body = await goodBytes(delivery, key, wait);
  if (body === null) return false;
  await giveDetail(delivery, key, body, wait);
  const object = { key, body, bytes: body.length, sha256: sha256(body) };
  await placeObject(delivery.to, object, delivery.ground.desk.clock.now(), wait);
  return true;
}

async function goodBytes(delivery: Delivery, key: ObjectKey, wait: Waiting): Promise<Buffer | null> {
  const { ground } = delivery;
  const form = statementForm(ground.tenant, key, ground.desk.trust);
  if (form === null) return null;
  for (const source of sourcesFor(delivery)) {
    try {
      const reading = await readSigned(source, key, form, wait);
      if (reading.kind === "good")
        return await fetchDocument([source], { key, sha256: reading.sha256 }, wait);
    } catch (error) {
      storeFailure(error, wait);
    }
  }
  return null;
}

/** The sealed detail of a proof, before the proof that names its digest. One that is lost takes nothing from the verdict. */
async function giveDetail(
  delivery: Delivery,
  key: ObjectKey,
  body: Uint8Array,
  wait: Waiting,
): Promise<void> {
  const { ground, to } = delivery;
  if (!key.startsWith(proofsPrefix(ground.tenant))) return;
  const { payload } = await ground.desk.trust.verify("proof", body);
  const { detail, ...address } = proof.parse(payload);
  const wanted = {
    ...detail,
    key: objectKey.parse(proofDetailKey({ ...address, at: new Date(address.at) })),
  };
  let found: Buffer;
  try {
    const sources = sourcesFor(delivery);
    found = (await fetchWhole(sources, wanted, {}, wait)).body;
  } catch (error) {
    storeFailure(error, wait);
    return;
  }
  await placeObject(to, { ...wanted, body: found }, ground.desk.clock.now(), wait);
}
