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
 * it belongs to. `library`: the tenant's stores; looked up where not given. "usage/invalid" where the
 * store is none of them. Throws as `scrub` does.
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
  const reader = known.stores.find(({ name }) => name === store);
  if (reader === undefined) {
    const names = known.stores.map(({ name }) => name).join(", ");
    throw new Failure("usage/invalid", `${tenant} has no store ${store}; it has ${names}`);
  }
  using bar = talk.progress(`${tenant} scrub ${store}`, null);
  const findingsStores = known.stores.flatMap(({ name }) => desk.stores.get(name) ?? []);
  const { monotonicMs, hostName } = desk.machine;
  const report = await scrub(
    { tenant, store: reader, library: known, findingsStores },
    { rate: desk.scrubRate(store), monotonicMs, signer: await signerIfAny(desk), host: hostName },
    (bytes) => bar.advance(bytes),
    wait,
  );
  for (const note of report.notes) talk.say(`warning: ${tenant}: ${store}: ${note}`);
  return report;
}
