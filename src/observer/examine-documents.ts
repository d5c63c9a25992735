/** Every signed document of a tenant but its records: by whom is it, and does it say what its place says? */
import { z } from "zod";
import { isFailure } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import { keyStatement, tombstone } from "../model/documents.ts";
import { instant, type ObjectKey, type TenantId } from "../model/ids.ts";
import { erasedKey, parseKeyStatementKey } from "../model/layout.ts";
import { isFromFuture } from "../repository/clocks.ts";
import type { Library } from "../repository/library.ts";
import { type BadReason, readSigned, type SignedForm } from "../repository/signed.ts";
import { statementForm } from "../repository/statement-forms.ts";
import type { ObjectReader } from "../stores/store.ts";
import type { Observation, ObservationKind } from "./observation.ts";

const readsAtOnce = 8;

interface Named {
  readonly tenant: string;
}

/** `keys` are those of a listing; others than signed documents are passed over. */
export async function examineDocuments(
  { tenant, keys }: { readonly tenant: TenantId; readonly keys: Iterable<ObjectKey> },
  store: ObjectReader,
  library: Pick<Library, "trust" | "clock">,
  wait: Waiting,
): Promise<readonly Observation[]> {
  const found: Observation[] = [];
  await eachAtOnce(keys, readsAtOnce, async (key) => {
    const form = formOf(tenant, key, library.trust);
    if (form === null) return;
    const add = (kind: ObservationKind, detail: string): void => {
      found.push({ kind, tenant, store: store.name, count: 1, detail: `${key}: ${detail}` });
    };
    try {
      const reading = await readSigned(store, key, form, wait);
      if (reading.kind === "bad") add(kindOf(reading.reason, form), reading.detail);
      const at = reading.kind === "good" ? timeOf(reading.document) : null;
      if (at !== null && isFromFuture(at, library.clock.now())) add("from-future", `its time is ${at}`);
    } catch (error) {
      // It may have been removed since it was listed.
      if (!isFailure(error, "store/absent")) throw error;
    }
  });
  return found;
}

/** Removals are told apart, because what hangs on them is data that goes. */
export function kindOf(
  reason: BadReason,
  { purpose }: Pick<SignedForm<unknown>, "purpose">,
): ObservationKind {
  if (purpose === "removal") return "untrusted-removal";
  return reason === "signature" || reason === "signer" ? "untrusted-signature" : "unreadable-document";
}

/** Null for what is no signed document, and for records, which `readRecords` judges. */
function formOf(tenant: TenantId, key: ObjectKey, trust: Library["trust"]): SignedForm<Named> | null {
  const misplaced = (found: Named): string | null =>
    found.tenant === tenant ? null : `it is a document of tenant ${found.tenant}`;
  if (key === erasedKey(tenant)) return { purpose: "removal", schema: tombstone, trust, misplaced };
  const generation = parseKeyStatementKey(key);
  if (generation !== null) {
    const isPlace = (found: Named): boolean => keyStatement.parse(found).generation === generation;
    const elsewhere = (found: Named): string | null =>
      misplaced(found) ?? (isPlace(found) ? null : "it is the statement of another generation");
    return { purpose: "key", schema: keyStatement, trust, misplaced: elsewhere };
  }
  return statementForm(tenant, key, trust);
}

const dated = z.object({ at: instant.optional(), createdAt: instant.optional() });

/** When it says it was signed; null where it does not say. */
function timeOf(document: Named): string | null {
  const { at, createdAt } = dated.parse(document);
  return at ?? createdAt ?? null;
}
