import { Failure } from "../../base/failure.ts";
import { discoveredName } from "../../config/match-discovered.ts";
import { type TenantId, tenantId } from "../../model/ids.ts";

export function parseTenant(text: string): TenantId {
  const parsed = tenantId.safeParse(text);
  if (parsed.success) return parsed.data;
  // The names people have in mind are their databases', of which most with two words are spelt so.
  const meant = tenantId.safeParse(discoveredName(text));
  throw new Failure("usage/invalid", `${text} is no name of a tenant`, {
    hint: meant.success
      ? `a database ${text} that a discovery rule finds is the tenant ${meant.data}; \`holdfast tenants\` lists them`
      : "`holdfast tenants` lists them",
  });
}
