/**
 * The key objects of a tenant. Unlike other names theirs hold no digest, and two sets of one number may
 * have come into the world (one store was lost, or the order of stores changed). What ought to lie there
 * the set's own signed statement says, and not any one backup: a backup that was made with the other
 * set does not open from this store, and nothing here is damaged for that.
 */
import { sha256, type Sha256 } from "../base/digest.ts";
import type { Look } from "../base/doubted.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupRecord, InventoryLine } from "../model/documents.ts";
import type { BackupId, ObjectKey } from "../model/ids.ts";
import { keySetKeys } from "../model/layout.ts";
import { keyStatementForm } from "../repository/key-statement-form.ts";
import { examineSigned } from "../repository/signed.ts";
import { readDoubted } from "../repository/read-doubted.ts";
import type { Examination } from "./examination.ts";
import type { ScrubLedger } from "./scrub-ledger.ts";

/** By key and digest the backups that name it; few, since a generation has three objects. */
export class NamedKeys {
  readonly generations = new Set<number>();
  readonly #named = new Map<ObjectKey, Map<Sha256, BackupId[]>>();

  add({ backup, keyGeneration }: BackupRecord, line: InventoryLine): void {
    this.generations.add(keyGeneration);
    const digests = this.#named.get(line.key) ?? new Map<Sha256, BackupId[]>();
    this.#named.set(line.key, digests);
    digests.set(line.sha256, [...(digests.get(line.sha256) ?? []), backup]);
  }

  of(key: ObjectKey): ReadonlyMap<Sha256, readonly BackupId[]> {
    return this.#named.get(key) ?? new Map<Sha256, readonly BackupId[]>();
  }
}

const keyObjectBytesMax = 1024 * 1024;

/** Of the key objects in one store: what backups name, and where what is found is told. */
interface KeyExamination extends Examination {
  readonly named: NamedKeys;
  readonly ledger: ScrubLedger;
}

export async function examineKeys(examination: KeyExamination, wait: Waiting): Promise<void> {
  const { tenant, library, named } = examination;
  for (const keyGeneration of named.generations) {
    const keys = keySetKeys(tenant, keyGeneration);
    const body = await readKeyObject(examination, keys.statement, wait);
    const form = keyStatementForm({ tenant, keyGeneration }, library.trust);
    const reading = Buffer.isBuffer(body) ? await examineSigned(body, form) : null;
    const stated = reading?.kind === "good" ? reading.document : null;
    const digest = stated === null ? null : (reading?.sha256 ?? null);
    judge(examination, { key: keys.statement, lying: body, stated: digest });
    for (const part of ["identity", "id"] as const) {
      const object = await readKeyObject(examination, keys[part], wait);
      judge(examination, { key: keys[part], lying: object, stated: stated?.[part].sha256 ?? null });
    }
  }
}

type Lying = Buffer | "absent" | "altered";

/** What no backup names is doubted. */
async function readKeyObject(
  { store, named, ledger }: KeyExamination,
  key: ObjectKey,
  wait: Waiting,
): Promise<Lying> {
  const judge = (body: Buffer): Look<Lying> => {
    ledger.countRead(body.length);
    const digest = sha256(body);
    return { found: body, wrong: named.of(key).has(digest) ? null : digest };
  };
  const bytes = { store, key, bytesMax: keyObjectBytesMax };
  return readDoubted<Lying>(bytes, { judge, tooLong: "altered", absent: "absent" }, wait);
}

interface KeyObject {
  readonly key: ObjectKey;
  readonly lying: Lying;
  /** By the signed statement that lies there; without one whatever a backup names is as good. */
  readonly stated: Sha256 | null;
}

function judge({ named, ledger }: KeyExamination, { key, lying, stated }: KeyObject): void {
  const digests = named.of(key);
  const backups = [...digests.values()].flat();
  const [first] = backups;
  if (first === undefined) return;
  if (lying === "absent") {
    ledger.missing.set(key, first);
    return;
  }
  const found = lying === "altered" ? null : sha256(lying);
  if (found === null || (stated === null ? !digests.has(found) : found !== stated)) {
    ledger.damaged.add(key);
    return;
  }
  ledger.findWhole(key);
  const strangers = backups.filter((backup) => digests.get(found)?.includes(backup) !== true);
  const news = strangers.filter((backup) => !ledger.unopenable.has(backup));
  for (const backup of news) ledger.unopenable.add(backup);
  const [one] = news;
  if (one === undefined) return;
  const more = news.length === 1 ? "" : ` and ${String(news.length - 1)} more`;
  ledger.notes.push(`${key} is whole, and of another key set than ${one}${more}: they do not open from here`);
}
