/** From the configuration to what the verb `scrub` is told. */
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { StoreName, TenantId } from "../model/ids.ts";
import type { Library } from "../repository/library.ts";
import type { ScrubReport } from "../scrub/report.ts";
import { scrub } from "../scrub/scrub.ts";
import type { Desk } from "./desk.ts";
import { signerIfAny } from "./signer-if-any.ts";
import type { Talk } from "./talk.ts";
import { libraryOf } from "./tenant-library.ts";

/**
 * One store's part of a tenant, be that configured or not: what lies in a store is worth reading whoever
 * it belongs to. `library`: the tenant's stores; looked up where not given. "usage/invalid" where there
 * is no such store. Throws as `scrub` does.
 */
export async function scrubTenant(
  desk: Desk,
  {
    tenant,
    store,
    library,
  }: { readonly tenant: TenantId; readonly store: StoreName; readonly library?: Library },
  talk: Talk,
  wait: Waiting,
): Promise<ScrubReport> {
  const known = library ?? (await libraryOf(desk, tenant, wait));
  const reader = desk.stores.get(store);
  if (reader === undefined) {
    const names = [...desk.stores.keys()].join(", ");
    throw new Failure("usage/invalid", `there is no store ${store}; there are ${names}`);
  }
  // What a tenant left behind in a store that its plan names no more is read all the same.
  const isOwn = known.stores.some(({ name }) => name === store);
  const stores = isOwn ? known.stores : [...known.stores, reader];
  using bar = talk.progress(`${tenant} scrub ${store}`, null);
  const findingsStores = stores.flatMap(({ name }) => desk.stores.get(name) ?? []);
  const { monotonicMs, hostName } = desk.machine;
  const report = await scrub(
    { tenant, store: reader, library: { ...known, stores }, findingsStores },
    { rate: desk.scrubRate(store), monotonicMs, signer: await signerIfAny(desk), host: hostName },
    (bytes) => bar.advance(bytes),
    wait,
  );
  for (const note of report.notes) talk.say(`warning: ${tenant}: ${store}: ${note}`);
  return report;
}
