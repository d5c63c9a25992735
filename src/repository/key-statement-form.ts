/** The form of the signed statement of a tenant's key set of one generation. */
import { type KeyStatement, keyStatement } from "../model/documents.ts";
import type { TenantId } from "../model/ids.ts";
import type { TrustRing } from "../keys/signing.ts";
import type { SignedForm } from "./signed.ts";

export function keyStatementForm(
  { tenant, keyGeneration }: { readonly tenant: TenantId; readonly keyGeneration: number },
  trust: TrustRing,
): SignedForm<KeyStatement> {
  return {
    purpose: "key",
    schema: keyStatement,
    trust,
    misplaced: (one) =>
      one.tenant === tenant && one.generation === keyGeneration
        ? null
        : `it is the key statement of ${one.tenant}, generation ${String(one.generation)}`,
  };
}
