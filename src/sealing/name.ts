import { createHmac, createSecretKey, hkdfSync, type KeyObject } from "node:crypto";
import type { ChunkName } from "../model/layout.ts";

/** The keys that one id key gives. Part of the format: another label gives other names for the same data. */
export interface DerivedKeys {
  readonly nameKey: KeyObject;
  /** Eight bytes for the cutter. */
  readonly cutKey: Buffer;
}

/**
 * HKDF-SHA-256 (RFC 5869) without salt. Naming and cutting have keys of their own, so that what
 * lengths may give away of the one tells nothing of the other.
 */
export function deriveKeys(idKey: Uint8Array): DerivedKeys {
  return {
    nameKey: createSecretKey(derive(idKey, "holdfast chunk name v1", 32)),
    cutKey: derive(idKey, "holdfast chunk cut v1", 8),
  };
}

/** HMAC-SHA-256 of the plaintext in lower-case hex. */
export function chunkName(plain: Uint8Array, { nameKey }: DerivedKeys): ChunkName {
  return createHmac("sha256", nameKey).update(plain).digest("hex");
}

function derive(idKey: Uint8Array, info: string, bytes: number): Buffer {
  return Buffer.from(hkdfSync("sha256", idKey, new Uint8Array(), info, bytes));
}
