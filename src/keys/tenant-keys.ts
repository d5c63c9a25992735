/**
 * The keys of one tenant and generation, as a host may hold them (design, section 7).
 * A worker has `idKey` and `recipient` only; `identity` is there for verifiers, restorers and escrow.
 */
import type { KeyStatement } from "../model/documents.ts";

export interface TenantKeys {
  readonly generation: number;
  readonly statement: KeyStatement;
  readonly recipient: string;
  /** 32 bytes; null when this host may not name chunks (not sealed to it). */
  readonly idKey: Uint8Array | null;
  /** `AGE-SECRET-KEY-1…`; null when this host may not read (not sealed to it). */
  readonly identity: string | null;
}
