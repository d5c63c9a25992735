/** The signed documents beside records and keys, by where they lie: proofs, findings, condemned lists, holds. */
import type { z } from "zod";
import { compactUtc } from "../base/clock.ts";
import { condemnedList, findingsList, holdRelease, holdStatement, proof } from "../model/documents.ts";
import type { Purpose } from "../model/glossary.ts";
import type { ObjectKey, TenantId } from "../model/ids.ts";
import {
  condemnedPrefix,
  findingsKey,
  findingsPrefix,
  holdKey,
  holdReleaseKey,
  holdsPrefix,
  proofKey,
  proofsPrefix,
} from "../model/layout.ts";
import type { TrustRing } from "../keys/signing.ts";
import type { SignedForm } from "./signed.ts";

/** Folders of a tenant in which documents of these kinds lie, in byte order. */
export function statementPrefixes(tenant: TenantId): readonly string[] {
  return [condemnedPrefix(tenant), findingsPrefix(tenant), holdsPrefix(tenant), proofsPrefix(tenant)];
}

/** The form of what lies under this key; null where the key is none of theirs, such as that of a sealed detail. */
export function statementForm(
  tenant: TenantId,
  key: ObjectKey,
  trust: TrustRing,
): SignedForm<{ readonly tenant: string }> | null {
  if (!key.endsWith(".jws")) return null;
  const form = <T extends { readonly tenant: string }>(
    purpose: Purpose,
    schema: z.ZodType<T>,
    isPlace: (document: T) => boolean,
  ): SignedForm<T> => ({
    purpose,
    schema,
    trust,
    misplaced: (document) =>
      document.tenant === tenant && isPlace(document) ? null : "it belongs under another key",
  });
  if (key.startsWith(proofsPrefix(tenant)))
    return erased(form("proof", proof, (one) => proofKey({ ...one, at: new Date(one.at) }) === key));
  if (key.startsWith(findingsPrefix(tenant)))
    return erased(
      form("proof", findingsList, ({ store, at }) => findingsKey(tenant, store, new Date(at)) === key),
    );
  if (key.startsWith(condemnedPrefix(tenant)))
    return erased(
      form("removal", condemnedList, ({ at }) =>
        key.startsWith(`${condemnedPrefix(tenant)}${compactUtc(new Date(at))}`),
      ),
    );
  if (!key.startsWith(holdsPrefix(tenant))) return null;
  return key.endsWith(".released.jws")
    ? erased(form("removal", holdRelease, ({ hold }) => holdReleaseKey(tenant, hold) === key))
    : erased(form("removal", holdStatement, ({ hold }) => holdKey(tenant, hold) === key));
}

/** Who only asks whether a document is good need not know of which kind it is. */
function erased<T extends { readonly tenant: string }>(
  form: SignedForm<T>,
): SignedForm<{ readonly tenant: string }> {
  return { ...form, misplaced: (document) => form.misplaced(form.schema.parse(document)) };
}
