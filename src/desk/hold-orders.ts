/** From the configuration to what laying, releasing and listing holds is told. */
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { TenantId } from "../model/ids.ts";
import type { HoldDesk } from "../retention/hold.ts";
import type { AnyStore } from "../stores/around.ts";
import type { Desk } from "./desk.ts";
import { libraryOf } from "./tenant-library.ts";

export async function holdDesk(desk: Desk): Promise<HoldDesk> {
  const { clock, chance, hostName } = desk.machine;
  return { trust: await desk.trust(), signer: await desk.signer(), clock, chance, host: hostName };
}

/** Those of its plan, or, for a tenant that the configuration no longer knows, those that hold something of it. */
export async function holdStores(desk: Desk, tenant: TenantId, wait: Waiting): Promise<readonly AnyStore[]> {
  const { stores } = await libraryOf(desk, tenant, wait);
  return stores.map(({ name }) => {
    const store = desk.stores.get(name);
    if (store === undefined) throw new Failure("internal/bug", `store ${name} was opened and is not there`);
    return store;
  });
}
