/** Ed25519 keys as JWK (RFC 8037); `kid` is always the thumbprint of RFC 7638, never somebody's word. */
import { calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type CryptoKey } from "jose";
import { z } from "zod";
import { Failure } from "../base/failure.ts";
import { interpreted } from "../base/interpreted.ts";

export interface SigningKeyFiles {
  readonly kid: string;
  /** JSON text with the private part; secret. */
  readonly privateJwk: string;
  /** JSON text that may be given to anyone. */
  readonly publicJwk: string;
}

export interface ParsedKey {
  readonly kid: string;
  readonly key: CryptoKey;
}

const raw32 = z.string().regex(/^[A-Za-z0-9_-]{43}$/, "must be 32 bytes in base64url");
const publicPart = { kty: z.literal("OKP"), crv: z.literal("Ed25519"), x: raw32, kid: z.string().optional() };
const publicJwk = z.object(publicPart);
const privateJwk = z.object({ ...publicPart, d: raw32 });

export async function newSigningKey(): Promise<SigningKeyFiles> {
  const pair = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
  const { x, d } = privateJwk.parse(await exportJWK(pair.privateKey));
  const shown = { kty: "OKP" as const, crv: "Ed25519" as const, x };
  const kid = await calculateJwkThumbprint(shown);
  return {
    kid,
    privateJwk: `${JSON.stringify({ ...shown, d, kid })}\n`,
    publicJwk: `${JSON.stringify({ ...shown, kid })}\n`,
  };
}

/** The public JWK of a private one, both as JSON text. */
export function publicJwkOf(privateText: string): string {
  const { d: _secret, ...shown } = parse(privateJwk, privateText, "signing key");
  return `${JSON.stringify(shown)}\n`;
}

/** Not an Ed25519 private JWK: "config/invalid". */
export function readPrivateKey(text: string): Promise<ParsedKey> {
  return imported(parse(privateJwk, text, "signing key"));
}

/** Not an Ed25519 public JWK, or one whose `kid` is not its thumbprint: "config/invalid". */
export function readPublicKey(text: string): Promise<ParsedKey> {
  return imported(parse(publicJwk, text, "trusted key"));
}

async function imported({ kid: claimed, ...jwk }: z.infer<typeof publicJwk>): Promise<ParsedKey> {
  const kid = await calculateJwkThumbprint(jwk);
  if (claimed !== undefined && claimed !== kid) {
    throw new Failure(
      "config/invalid",
      `the key ${claimed} is not what its kid says; its thumbprint is ${kid}`,
    );
  }
  const key = await importJWK(jwk, "EdDSA");
  if (key instanceof Uint8Array) throw new Failure("internal/bug", "an Ed25519 key was read as a secret");
  return { kid, key };
}

/** The text itself stays out of every message: it may hold the private key. */
function parse<T>(schema: z.ZodType<T>, text: string, title: string): T {
  const hint = "`holdfast keys new` makes one";
  const parsed = schema.safeParse(jsonOf(text), interpreted);
  if (parsed.success) return parsed.data;
  throw new Failure("config/invalid", `the ${title} is not an Ed25519 JWK`, { hint });
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
