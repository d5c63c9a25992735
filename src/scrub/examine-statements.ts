/** The signed documents beside records and keys: proofs, findings, condemned lists, holds. */
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ObjectKey } from "../model/ids.ts";
import { badStatements } from "../repository/bad-statements.ts";
import { askEach } from "../repository/library.ts";
import { readSigned } from "../repository/signed.ts";
import { statementForm } from "../repository/statement-forms.ts";
import type { Examination } from "./examination.ts";
import type { ScrubLedger } from "./scrub-ledger.ts";

const documentsAtOnce = 4;

export async function examineStatements(
  examination: Examination,
  ledger: ScrubLedger,
  wait: Waiting,
): Promise<void> {
  const { tenant, store, library } = examination;
  const { bad, untrusted, good } = await badStatements(tenant, store, library.trust, wait);
  ledger.whole += good;
  for (const key of bad) ledger.damaged.add(key);
  const orphans: ObjectKey[] = [];
  await eachAtOnce(untrusted, documentsAtOnce, async (key) => {
    if (await isGoodSomewhere(examination, key, wait)) ledger.damaged.add(key);
    else orphans.push(key);
  });
  const [first] = orphans.toSorted();
  if (first === undefined) return;
  ledger.untrusted += orphans.length;
  const more = orphans.length === 1 ? "" : ` and ${String(orphans.length - 1)} more`;
  ledger.notes.push(`signer not trusted: ${first}${more}`);
}

/** Then it was altered here, and in such a way that it seems to be somebody else's. */
async function isGoodSomewhere(
  { tenant, library }: Examination,
  key: ObjectKey,
  wait: Waiting,
): Promise<boolean> {
  const form = statementForm(tenant, key, library.trust);
  if (form === null) return false;
  const { answers } = await askEach(library.stores, (one) => readSigned(one, key, form, wait), wait);
  return answers.values().some(({ kind }) => kind === "good");
}
