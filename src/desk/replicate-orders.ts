/** From the configuration to what the verbs `replicate` and `heal` are told. */
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import type { ReplicationDesk } from "../replication/ground.ts";
import { replicate, type ReplicateReport } from "../replication/replicate.ts";
import { spell } from "../model/duration.ts";
import type { Desk } from "./desk.ts";
import { signerIfAny } from "./signer-if-any.ts";
import type { Talk } from "./talk.ts";
import { tellLeftOut } from "./tell-left-out.ts";
import { shelvesOf } from "./tenant-shelves.ts";

/** Completes every copy that one of the tenant's stores lacks. Throws as `replicate` does. */
export async function replicateTenant(
  desk: Desk,
  tenant: Tenant,
  talk: Talk,
  wait: Waiting,
): Promise<ReplicateReport> {
  const startedMs = desk.machine.monotonicMs();
  using bar = talk.progress(`${tenant.id} replicate`, null);
  const report = await replicate(
    tenant.id,
    shelvesOf(desk, tenant),
    await replicationDesk(desk),
    ({ backup, store, result, bytes, detail }) => {
      bar.phase(`${backup} to ${store}`);
      bar.advance(bytes);
      if (detail !== null) talk.say(`warning: ${tenant.id}: ${backup} in ${store}: ${result}: ${detail}`);
    },
    wait,
  );
  for (const { store, failure } of report.down)
    tellLeftOut(tenant.id, store, failure, (line) => talk.say(line));
  const copied = report.copies.filter(({ result }) => result === "copied").length;
  if (copied > 0)
    talk.say(
      `${tenant.id}: ${String(copied)} copies completed in ${spell(desk.machine.monotonicMs() - startedMs)}`,
    );
  return report;
}

/** What both verbs work with: no key that reads is among it. */
export async function replicationDesk(desk: Desk): Promise<ReplicationDesk> {
  const { clock, monotonicMs, hostName } = desk.machine;
  return {
    trust: await desk.trust(),
    clock,
    monotonicMs,
    inFlight: desk.inFlight,
    signer: await signerIfAny(desk),
    host: hostName,
  };
}
