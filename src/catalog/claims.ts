import type { ClientConfig } from "pg";
import { sha256 } from "../base/digest.ts";
import type { Claim, Claims } from "./catalog.ts";
import { asked } from "./failures.ts";
import { SessionLocks } from "./session-locks.ts";

/** Claims as locks of a session of their own. */
export function claimsOver(options: ClientConfig): Claims & AsyncDisposable {
  const locks = new SessionLocks(options);
  return {
    tryTake: async (claim, wait) => {
      for (const key of keysOf(claim)) {
        if (await asked(`claim ${subjectOf(claim)}`, wait, () => locks.tryLock(key, wait)))
          return { [Symbol.asyncDispose]: () => locks.unlock(key) };
      }
      return null;
    },
    [Symbol.asyncDispose]: () => locks[Symbol.asyncDispose](),
  };
}

/** Keys of 64 bits; the first that is free is taken. */
function keysOf(claim: Claim): readonly string[] {
  switch (claim.kind) {
    case "tenant-write":
      return [hashed(["tenant-write", claim.tenant])];
    case "tenant-read":
      return [hashed(["tenant-read", claim.tenant, claim.store])];
    case "source":
      return Array.from({ length: claim.places }, (_, place) => hashed(["source", claim.source, place]));
  }
}

function hashed(name: readonly (string | number)[]): string {
  const digest = sha256(Buffer.from(JSON.stringify(["holdfast", ...name])));
  return BigInt.asIntN(64, BigInt(`0x${digest.slice(0, 16)}`)).toString();
}

function subjectOf(claim: Claim): string {
  return claim.kind === "source" ? `a place at source ${claim.source}` : `tenant ${claim.tenant}`;
}
