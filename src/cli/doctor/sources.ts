import { isFailure } from "../../base/failure.ts";
import { eachAtOnce } from "../../base/limit.ts";
import { type Waiting, within } from "../../base/waiting.ts";
import type { Tenant } from "../../config/config.ts";
import { addressOf } from "../../postgres/session/address.ts";
import { connect } from "../../postgres/session/connect.ts";
import { examineSource } from "../../postgres/source/examine-source.ts";
import { majorOf } from "../../postgres/server/programs.ts";
import type { ServerOffers } from "../../postgres/server/server-offers.ts";
import type { Desk } from "../../desk/desk.ts";
import type { Examination } from "./examination.ts";

const tenantsAtOnce = 2;
const limitMs = 30_000;

/** What would keep each tenant's backup from starting or its proof from being possible, and what discovery left out. */
export async function examineSources(
  desk: Desk,
  offers: ReadonlyMap<number, ServerOffers>,
  wait: Waiting,
): Promise<Examination[]> {
  const asked = await desk.discovery();
  const tenants = [...desk.config.tenants.values(), ...asked.tenants];
  const found = new Map<Tenant, Examination[]>();
  await eachAtOnce(tenants, tenantsAtOnce, async (tenant) => {
    found.set(tenant, await examineTenant(tenant, desk, offers, wait));
  });
  return [
    ...asked.unreachable.map(({ source, failure }): Examination => failed(source, failure.message)),
    ...asked.refused.map(({ source, database, reason }): Examination => ({
      area: "sources",
      subject: `${source}/${database}`,
      outcome: "warned",
      detail: `it is no tenant: ${reason}`,
    })),
    ...(tenants.length === 0 ? [noTenants] : tenants.flatMap((tenant) => found.get(tenant) ?? [])),
  ];
}

const noTenants: Examination = {
  area: "sources",
  subject: "tenants",
  outcome: "warned",
  detail: "there are none: name them under tenants, or write a rule under discover",
};

function failed(subject: string, detail: string, hint?: string): Examination {
  return { area: "sources", subject, outcome: "failed", detail, hint };
}

async function examineTenant(
  tenant: Tenant,
  desk: Desk,
  offers: ReadonlyMap<number, ServerOffers>,
  wait: Waiting,
): Promise<Examination[]> {
  const { plan, scope, source } = tenant;
  try {
    const url = await source.url.reveal();
    const address = { ...addressOf(url), database: scope.database };
    const major = await majorAt(address, within(wait, limitMs));
    const options = {
      jobs: source.jobs,
      leaveOutExtensions: plan.verification.leaveOutExtensions,
      largeObjects: plan.largeObjects,
      binFolders: desk.binFolders,
      offers: offers.get(major) ?? null,
    };
    const examined = await examineSource({ url, scope }, options, wait);
    return examined.map(({ name, outcome, detail, hint }) => ({
      area: "sources",
      subject: `${tenant.id} ${name}`,
      outcome,
      detail,
      hint,
    }));
  } catch (error) {
    if (!isFailure(error) || wait.signal.aborted) throw error;
    return [failed(tenant.id, error.message, error.hint)];
  }
}

async function majorAt(address: Parameters<typeof connect>[0], wait: Waiting): Promise<number> {
  await using session = await connect(address, "source", {}, wait);
  return majorOf(session.versionNum);
}
