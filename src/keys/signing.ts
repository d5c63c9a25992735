/**
 * Signed documents: compact JWS (RFC 7515), Ed25519 under the name `EdDSA`, `typ` telling the purpose
 * (design, section 7; trap 25). The header holds `alg`, `kid` and `typ` and nothing else, so a
 * signature made for one purpose is worth nothing for another.
 */
import { CompactSign, compactVerify } from "jose";
import { z } from "zod";
import { Failure } from "../base/failure.ts";
import { interpreted } from "../base/interpreted.ts";
import type { Purpose } from "../model/glossary.ts";
import { type ParsedKey, readPrivateKey, readPublicKey } from "./signing-key.ts";

export interface Signer {
  /** RFC 7638 thumbprint of the public key. */
  readonly kid: string;
  /** The bytes of a compact JWS over `payload` as JSON. */
  sign(purpose: Purpose, payload: object): Promise<Uint8Array>;
}

export interface TrustEntry {
  /** Ed25519 public JWK as JSON text. */
  readonly jwk: string;
  readonly may: readonly Purpose[];
  /** What was signed before or after is not believed; null or absent: no bound. */
  readonly from?: Date | null;
  readonly until?: Date | null;
}

export interface Verified {
  /** JSON; its shape is the caller's to parse. */
  readonly payload: unknown;
  readonly kid: string;
}

export interface TrustRing {
  /**
   * Who signed these bytes for this purpose, and what. `at`: when it was signed; by default what the
   * document itself says (`finishedAt`, `createdAt` or `at`), which only bounds honest signers.
   * Throws "keys/signature" for anything but a signature by a key that may sign this, then;
   * `UntrustedSigner` where it is the signer alone that is in doubt.
   */
  verify(purpose: Purpose, bytes: Uint8Array, at?: Date): Promise<Verified>;
}

const algorithm = "EdDSA";
/** A thumbprint and nothing else: who writes to a store must not write to the operator's terminal through our messages. */
const thumbprint = z.string().regex(/^[\w-]{43}$/);
const header = z.strictObject({ alg: z.literal(algorithm), kid: thumbprint, typ: z.string() });

/** The document is formed as ours are, and it is its signer who is not trusted (any more), for this or then. */
export class UntrustedSigner extends Failure {
  constructor(why: string) {
    super("keys/signature", `the document cannot be trusted: its signer ${why}`);
  }
}

/** `privateJwk` as JSON text; otherwise "config/invalid". */
export async function createSigner(privateJwk: string): Promise<Signer> {
  const { kid, key } = await readPrivateKey(privateJwk);
  return {
    kid,
    async sign(purpose, payload) {
      const signing = new CompactSign(Buffer.from(JSON.stringify(payload)));
      const jws = await signing.setProtectedHeader({ alg: algorithm, kid, typ: typOf(purpose) }).sign(key);
      return Buffer.from(jws);
    },
  };
}

/** One key may stand in several entries, with other purposes or times. A key that cannot be read is "config/invalid". */
export async function createTrustRing(entries: readonly TrustEntry[]): Promise<TrustRing> {
  const ring = await Promise.all(
    entries.map(async (entry) => ({ ...entry, ...(await readPublicKey(entry.jwk)) })),
  );
  return {
    async verify(purpose, bytes, at) {
      const { kid, jws } = readHeader(purpose, bytes);
      const entriesOfKey = ring.filter((entry) => entry.kid === kid);
      const [known] = entriesOfKey;
      if (known === undefined) throw new UntrustedSigner(`${kid} is unknown`);
      const payload = await verified(jws, known);
      const allowed = entriesOfKey.filter(({ may }) => may.includes(purpose));
      if (allowed.length === 0) throw new UntrustedSigner(`${kid} may not sign a ${purpose}`);
      const when = at ?? signedAt(payload);
      if (!allowed.some((entry) => covers(entry, when))) {
        // Without the time, which the document's name tells: what is said of a hundred of them is said once.
        throw new UntrustedSigner(
          `${kid} was not trusted ${when === null ? "at a time unknown" : "when it signed this"}`,
        );
      }
      return { payload, kid };
    },
  };
}

function typOf(purpose: Purpose): string {
  return `holdfast-${purpose}+jws`;
}

/**
 * Three parts in base64url and nothing around them. Each must be spelled as we would spell it: the last
 * letter of a part has bits that decoders ignore, and bytes that can be changed without breaking the
 * signature are bytes whose digest proves nothing.
 */
function readHeader(purpose: Purpose, bytes: Uint8Array): { readonly kid: string; readonly jws: string } {
  const jws = Buffer.from(bytes).toString("latin1");
  if (!/^[\w-]+\.[\w-]+\.[\w-]+$/.test(jws)) throw untrusted("it is not a compact JWS");
  const parts = jws.split(".");
  if (parts.some((part) => Buffer.from(part, "base64url").toString("base64url") !== part)) {
    throw untrusted("it is not canonical base64url");
  }
  const parsed = header.safeParse(
    jsonOf(Buffer.from(parts[0] ?? "", "base64url").toString("utf8")),
    interpreted,
  );
  if (!parsed.success) throw untrusted("its header is not alg, kid and typ as we write them");
  if (parsed.data.typ !== typOf(purpose)) throw untrusted(`it was not signed as a ${purpose}`);
  return { kid: parsed.data.kid, jws };
}

async function verified(jws: string, { key }: ParsedKey): Promise<unknown> {
  try {
    const { payload } = await compactVerify(jws, key, { algorithms: [algorithm] });
    return JSON.parse(Buffer.from(payload).toString("utf8"));
  } catch (cause) {
    throw untrusted("its signature does not match", cause);
  }
}

const times = z.object({
  finishedAt: z.iso.datetime().optional(),
  createdAt: z.iso.datetime().optional(),
  at: z.iso.datetime().optional(),
});

function signedAt(payload: unknown): Date | null {
  const parsed = times.safeParse(payload, interpreted);
  const text = parsed.success
    ? (parsed.data.finishedAt ?? parsed.data.createdAt ?? parsed.data.at)
    : undefined;
  return text === undefined ? null : new Date(text);
}

/** `from` and `until` included. A bound that cannot be checked is not met. */
function covers({ from, until }: TrustEntry, at: Date | null): boolean {
  const bounded = (from ?? null) !== null || (until ?? null) !== null;
  if (at === null) return !bounded;
  return at.getTime() >= (from?.getTime() ?? -Infinity) && at.getTime() <= (until?.getTime() ?? Infinity);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function untrusted(why: string, cause?: unknown): Failure {
  return new Failure("keys/signature", `the document cannot be trusted: ${why}`, { cause });
}
