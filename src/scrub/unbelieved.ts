/** What is to be said of a record that is not believed in the store that is scrubbed. */
import type { Waiting } from "../base/waiting.ts";
import { recordKey } from "../model/layout.ts";
import { askEach } from "../repository/library.ts";
import { type GoodRecord, isGood, readRecord, type StoredRecord } from "../repository/records.ts";
import type { Examination } from "./examination.ts";
import type { ScrubLedger } from "./scrub-ledger.ts";

/**
 * A document of a newer Holdfast, or one dated ahead, says nothing of damage; nor does one whose signer was
 * taken out of `keys.trusted`, as long as no store shows another in its place that is believed.
 */
export async function tellUnbelieved(
  { tenant, library }: Examination,
  { reason, detail, backup }: Exclude<StoredRecord, GoodRecord>,
  ledger: ScrubLedger,
  wait: Waiting,
): Promise<void> {
  const key = recordKey(tenant, backup);
  switch (reason) {
    case "format":
    case "future":
      break;
    case "signer": {
      const ask = (store: Examination["store"]): ReturnType<typeof readRecord> =>
        readRecord({ tenant, backup }, store, library, wait);
      const { answers } = await askEach(library.stores, ask, wait);
      if (answers.values().some((one) => one !== null && isGood(one))) {
        ledger.damaged.add(key);
        break;
      }
      ledger.untrusted += 1;
      ledger.notes.push(`signer not trusted: ${key}: ${detail}; what it names was not looked at`);
      return;
    }
    case "signature":
    case "malformed":
    case "misplaced":
      ledger.damaged.add(key);
      break;
  }
  ledger.notes.push(`${key} is not believed: ${detail}`);
}
