/** From the configuration to what the verb `verify` is told. */
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import type { BackupKind } from "../model/glossary.ts";
import { mayLieAt } from "../model/place.ts";
import { type Library, unasked } from "../repository/library.ts";
import { tenantStates } from "../repository/states.ts";
import { chooseCopies } from "../verify/choose-copies.ts";
import type { VerifyReport } from "../verify/report.ts";
import { type ScratchGround, tryOutOn, type TryOutWish } from "../verify/try-out.ts";
import { verifyCopy, type VerifyDesk } from "../verify/verify-copy.ts";
import type { Desk } from "./desk.ts";
import { groupedNotes } from "./grouped-notes.ts";
import type { Talk } from "./talk.ts";
import { tellStoresBeside } from "./tell-stores-beside.ts";

export interface VerifyWish {
  readonly backup: string;
  readonly store: string;
  /** As in `TryOutWish`. */
  readonly loaded?: TryOutWish["loaded"];
  /** As in `ScratchGround`. */
  readonly startServer?: ScratchGround["startServer"];
}

/** The copies of one backup, one after the other, each on its own. */
export async function verifyTenant(
  desk: Desk,
  tenant: Tenant,
  wish: VerifyWish,
  talk: Talk,
  wait: Waiting,
): Promise<readonly VerifyReport[]> {
  demandResidency(desk, tenant);
  const library = await desk.library(tenant);
  const { backups, notes, down } = await tenantStates(tenant.id, library, wait);
  for (const note of groupedNotes(notes)) talk.say(`warning: ${tenant.id}: ${note}`);
  if (backups.length === 0) await tellStoresBeside(desk, { tenant: tenant.id }, talk, wait);
  const chosen = chooseCopies({ tenant: tenant.id, ...wish, unasked: unasked(down) }, backups, tenant.stores);
  for (const store of chosen.missing)
    talk.say(`warning: ${tenant.id}: ${store} holds no copy of ${chosen.backup}`);
  const state = backups.find(({ backup }) => backup === chosen.backup);
  const verb = await verifyDesk(desk, library);
  const proofStores = desk.storesOf(tenant);
  const ground = await scratchGround(desk, wish);
  const reports: VerifyReport[] = [];
  for (const store of proofStores.filter(({ name }) => chosen.stores.includes(name))) {
    using bar = talk.progress(`${tenant.id} in ${store.name}`, state?.plainBytes ?? null);
    const order = {
      tenant: tenant.id,
      backup: chosen.backup,
      store,
      proofStores,
      tryOut: tryOutOn(ground, {
        assertions: tenant.plan.verification.assertions,
        indexes: readsIndexes(tenant, state?.kind ?? "manual"),
        onProgress: (phase, bytesDone) => {
          bar.phase(phase);
          bar.reach(bytesDone);
        },
        ...(wish.loaded === undefined ? {} : { loaded: wish.loaded }),
      }),
    };
    const report = await verifyCopy(verb, order, wait);
    if (report.misnamed > 0) tellLies(report, talk);
    if (report.proofIn.length < proofStores.length) tellUnwritten(report, proofStores.length, talk);
    reports.push(report);
  }
  return reports;
}

async function verifyDesk(desk: Desk, library: Library): Promise<VerifyDesk> {
  const { clock, monotonicMs, hostName, version } = desk.machine;
  const sealing = desk.sealing();
  return {
    library,
    clock,
    monotonicMs,
    opener: sealing,
    sealer: sealing,
    signer: await desk.signer(),
    identity: await desk.identity(),
    hostName,
    version,
  };
}

async function scratchGround(desk: Desk, { startServer }: VerifyWish): Promise<ScratchGround> {
  const { path, jobs } = desk.config.scratch;
  return {
    root: path,
    runAs: await desk.scratchUser(),
    binFolders: desk.binFolders,
    jobs,
    chance: desk.machine.chance,
    ...(startServer === undefined ? {} : { startServer }),
  };
}

/** Verifying moves plaintext to this host (promise 12). */
function demandResidency({ config }: Desk, { id, plan }: Tenant): void {
  if (mayLieAt(plan.residency, config.location)) return;
  const here = config.location === null ? "an unknown place" : config.location.jurisdiction;
  throw new Failure(
    "policy/refused",
    `the data of ${id} may not be restored in ${here}, where this host is`,
    {
      hint: "`location` in the configuration says where this host is; the plan's `residency` where data may be",
    },
  );
}

function readsIndexes({ plan }: Tenant, kind: BackupKind): boolean {
  switch (plan.verification.indexes) {
    case "never":
      return false;
    case "weekly":
      return kind === "weekly";
    case "always":
      return true;
  }
}

function tellUnwritten(
  { tenant, store, proofIn, unwritten }: VerifyReport,
  wanted: number,
  talk: Talk,
): void {
  const where = proofIn.length === 0 ? "to none" : `only to ${proofIn.join(", ")},`;
  const why = unwritten.length === 0 ? "" : `: ${unwritten.join("; ")}`;
  talk.say(
    `warning: ${tenant}: the proof of the copy in ${store} was written ${where} of ${String(wanted)} stores${why}`,
  );
}

function tellLies({ tenant, store, misnamed }: VerifyReport, talk: Talk): void {
  talk.say(
    `warning: ${tenant}: a host that signs records lied: not what they are named for in ${store}: ${String(misnamed)} objects`,
  );
}
