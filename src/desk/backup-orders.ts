/** From the configuration to what the verb `backup` is told. */
import type { BackupDesk, BackupWatch } from "../backup/backup.ts";
import type { SourcedOrder } from "../backup/backup-all.ts";
import type { Tenant } from "../config/config.ts";
import { demandTrusted } from "../keys/demand-trusted.ts";
import { openSnapshot } from "../postgres/source/open-snapshot.ts";
import { keysToBackUp } from "../repository/key-access.ts";
import type { Desk } from "./desk.ts";
import { tellLeftOut } from "./tell-left-out.ts";
import { shelvesOf } from "./tenant-shelves.ts";

/** Tables of more than twice as many blocks of 8 kB are read in ranges of so many: 128 MiB. */
const sliceBlocks = 16_384;

/** "keys/role" when this host may not sign, has no keys of its own, or nobody would believe its records. */
export async function backupDesk(
  desk: Desk,
  watch: BackupWatch,
  say: (line: string) => void,
): Promise<BackupDesk> {
  const { clock, chance, hostName, monotonicMs } = desk.machine;
  const keys = { signer: await desk.signer(), trust: await desk.trust() };
  await demandTrusted(keys, "record", clock.now());
  return {
    watch,
    workshop: {
      ...keys,
      sealer: desk.sealing(),
      clock,
      monotonicMs,
      chance,
      host: hostName,
      inFlight: desk.inFlight,
      onStoreFailed: (tenant, store, failure) => tellLeftOut(tenant, store, failure, say),
      onKeysRefused: (tenant, { store, generation, failure }) =>
        say(`warning: ${tenant}: keys ${String(generation)} in ${store} are not used: ${failure.message}`),
      onReuseOff: (tenant, { store, key, reason }) => {
        say(`warning: ${tenant}: nothing is reused: ${key} in ${store} cannot be read: ${reason}`);
        say("  hint: it may condemn any object; find out who wrote it, and remove it if no prune did");
      },
      onDamage: (tenant, { store, key, reason }) =>
        say(`warning: ${tenant}: ${key} is ${reason} in ${store}`),
    },
  };
}

export async function backupOrder(desk: Desk, tenant: Tenant): Promise<SourcedOrder> {
  const { id, plan, scope, source } = tenant;
  const mint = await desk.mint();
  return {
    tenant: id,
    shelves: shelvesOf(desk, tenant),
    quorum: plan.copies.quorum,
    zstdLevel: plan.sealing.zstdLevel,
    keys: keysToBackUp(id, mint, await desk.identity()),
    jobs: source.jobs,
    source: source.name,
    sourceWidth: source.maxConcurrent,
    environment: { holdfast: desk.machine.version, node: process.version, ...sealingVersions() },
    openSnapshot: async (wait, ready) =>
      openSnapshot(
        { url: await source.url.reveal(), scope, ...desk.config.line },
        snapshotOptions(desk, tenant, sliceBlocks),
        wait,
        ready,
      ),
  };
}

/** How a tenant is read, whatever of it lies at whatever address. */
export function snapshotOptions(
  { binFolders }: Desk,
  { plan, source }: Tenant,
  blocks: number,
): Parameters<typeof openSnapshot>[1] {
  return {
    jobs: source.jobs,
    leaveOutExtensions: plan.verification.leaveOutExtensions,
    largeObjects: plan.largeObjects,
    yieldAfterMs: plan.yieldAfter,
    maxAgeMs: plan.maxSnapshotAge,
    sliceBlocks: blocks,
    binFolders,
  };
}

function sealingVersions(): Readonly<Record<string, string>> {
  const { zstd, openssl } = process.versions;
  return { ...(zstd === undefined ? {} : { zstd }), ...(openssl === undefined ? {} : { openssl }) };
}
