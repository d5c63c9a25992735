/** Every signed document of a tenant but its records: by whom is it, and does it say what its place says? */
import { eachAtOnce } from "../base/limit.ts";
import { compactUtc } from "../base/clock.ts";
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import {
  condemnedList,
  findingsList,
  holdRelease,
  holdStatement,
  keyStatement,
  proof,
  tombstone,
} from "../model/documents.ts";
import type { ObjectKey, TenantId } from "../model/ids.ts";
import {
  condemnedPrefix,
  erasedKey,
  findingsPrefix,
  holdsPrefix,
  keysPrefix,
  parseProofKey,
  proofsPrefix,
} from "../model/layout.ts";
import { isFromFuture } from "../repository/clocks.ts";
import type { Library } from "../repository/library.ts";
import { type BadReason, readSigned, type SignedForm } from "../repository/signed.ts";
import type { ObjectReader } from "../stores/store.ts";
import type { Observation, ObservationKind } from "./observation.ts";

const readsAtOnce = 8;

/** What is common to all of them, and all that is looked at here. */
interface Dated {
  readonly tenant: TenantId;
  readonly at: string;
}

/** `keys` are those of a listing; others than signed documents are passed over. */
export async function examineDocuments(
  tenant: TenantId,
  store: ObjectReader,
  keys: Iterable<ObjectKey>,
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
      else if (isFromFuture(reading.document.at, library.clock.now()))
        add("from-future", `its time is ${reading.document.at}`);
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
  return reason === "signature" ? "untrusted-signature" : "unreadable-document";
}

/** Null for what is no signed document, and for records, which `readRecords` judges. */
function formOf(tenant: TenantId, key: ObjectKey, trust: Library["trust"]): SignedForm<Dated> | null {
  if (!key.endsWith(".jws")) return null;
  const misplaced = (found: Dated): string | null =>
    found.tenant === tenant ? pathProblem(key, found) : `it is a document of tenant ${found.tenant}`;
  if (key.startsWith(proofsPrefix(tenant))) return { purpose: "proof", schema: proof, trust, misplaced };
  if (key.startsWith(findingsPrefix(tenant)))
    return { purpose: "proof", schema: findingsList, trust, misplaced };
  if (key.startsWith(condemnedPrefix(tenant)))
    return { purpose: "removal", schema: condemnedList, trust, misplaced };
  if (key.startsWith(holdsPrefix(tenant))) {
    const schema = key.endsWith(".released.jws") ? holdRelease : holdStatement;
    return { purpose: "removal", schema, trust, misplaced };
  }
  if (key === erasedKey(tenant)) return { purpose: "removal", schema: tombstone, trust, misplaced };
  if (key.startsWith(keysPrefix(tenant))) return { purpose: "key", schema: datedKeys, trust, misplaced };
  return null;
}

const datedKeys = keyStatement.transform((statement) => ({ ...statement, at: statement.createdAt }));

/** The time of a proof and of a condemned list stands in its path; whoever moves one moves its time. */
function pathProblem(key: ObjectKey, { at }: Dated): string | null {
  const stated = parseProofKey(key)?.at ?? /\/condemned\/(\d{8}T\d{6}Z)[^/]*\.jws$/.exec(key)?.[1];
  return stated === undefined || stated === compactUtc(new Date(at))
    ? null
    : `its time, ${at}, is not that of its path`;
}
