/** Documents signed by somebody's own hand: what a rotated signer, another release or a forger would leave in a store. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { createSigner, type Signer } from "../../src/keys/signing.ts";
import type { Purpose } from "../../src/model/glossary.ts";

export type Payload = Record<string, unknown>;

/** What a JWS says, whoever signed it. */
export function payloadOf(path: string): Payload {
  const [, body = ""] = readFileSync(path, "utf8").split(".");
  return z.record(z.string(), z.unknown()).parse(JSON.parse(Buffer.from(body, "base64url").toString("utf8")));
}

export async function signerFrom(jwkPath: string): Promise<Signer> {
  return createSigner(readFileSync(jwkPath, "utf8"));
}

interface Forgery {
  readonly store: string;
  readonly key: string;
  readonly signer: Signer;
  readonly purpose: Purpose;
  readonly payload: Payload;
}

/** Puts the document in its place, over what lies there; disposal puts that back. */
export async function forge({ store, key, signer, purpose, payload }: Forgery): Promise<Disposable> {
  const path = join(store, key);
  const before = existsSync(path) ? readFileSync(path) : null;
  const signed = await signer.sign(purpose, payload);
  rmSync(path, { force: true });
  writeFileSync(path, signed);
  return {
    [Symbol.dispose]: () => {
      rmSync(path, { force: true });
      if (before !== null) writeFileSync(path, before);
    },
  };
}
