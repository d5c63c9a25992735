import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import type { TenantId } from "../model/ids.ts";
import type { TenantChoice } from "../model/schedule.ts";
import type { Desk } from "./desk.ts";
import type { Talk } from "./talk.ts";

/**
 * What tenants chose beside their plans, as far as a catalog that runs can tell: none without one. One that does not
 * answer is warned of. Where no plan leaves a choice nobody is asked.
 */
export async function knownChoices(
  { config, machine }: Desk,
  tenants: readonly Tenant[],
  talk: Pick<Talk, "say">,
  wait: Waiting,
): Promise<ReadonlyMap<TenantId, TenantChoice>> {
  if (tenants.every(({ plan }) => plan.tenantChoice === null)) return new Map();
  try {
    const { openCatalog } = await import("./open-catalog.ts");
    await using catalog = await openCatalog(config, machine, { mode: "only-running" }, wait);
    return (await catalog?.choices.all(wait)) ?? new Map<TenantId, TenantChoice>();
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    talk.say(`warning: what tenants chose beside their plans is not known: ${error.message}`);
    return new Map();
  }
}
