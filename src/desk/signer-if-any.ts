import type { Signer } from "../keys/signing.ts";
import type { Desk } from "./desk.ts";

/** Null on a host that the configuration gives no signing key. */
export async function signerIfAny(desk: Desk): Promise<Signer | null> {
  return desk.config.keys.signing === null ? null : desk.signer();
}
