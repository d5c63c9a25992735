/** Which queues a host may work, by the keys it holds (design, section 7). */
import type { Config } from "../config/config.ts";
import type { Purpose } from "../model/glossary.ts";
import { hostKeys, type HostKeys } from "./host-keys.ts";

export interface QueueRoles {
  /** Null: this host may; else why it may not, as half a sentence. */
  readonly backup: string | null;
  readonly verify: string | null;
  readonly replicate: string | null;
  readonly scrub: string | null;
  readonly heal: string | null;
  readonly prune: string | null;
}

/**
 * A worker backs up, a verifier proves, and removals take a signing key that is trusted for them.
 * Replicating, scrubbing and healing move ciphertext only, so any host may.
 */
export async function queueRoles(config: Config): Promise<QueueRoles> {
  const keys = await hostKeys(config);
  return {
    backup: lacksRole(keys, "worker") ?? lacksRight(keys, "record"),
    verify: lacksRole(keys, "verifier") ?? lacksRight(keys, "proof"),
    replicate: null,
    scrub: null,
    heal: null,
    prune: lacksRight(keys, "removal"),
  };
}

function lacksRole({ identity }: HostKeys, role: "worker" | "verifier"): string | null {
  if (identity === null) return "keys.identity is not set";
  if (identity.roles.includes(role)) return null;
  return identity.problem ?? `keys.${role}s does not name this host`;
}

function lacksRight({ signing }: HostKeys, purpose: Purpose): string | null {
  if (signing === null) return "keys.signing is not set";
  if (signing.may.includes(purpose)) return null;
  return signing.problem ?? `keys.trusted does not let the signing key of this host sign a ${purpose}`;
}
