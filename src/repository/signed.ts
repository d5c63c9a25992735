/**
 * Reading one signed document of a store. What is wrong with the document is data (it is the store's
 * or the signer's doing); only what keeps us from looking is thrown.
 */
import type { z } from "zod";
import { type Sha256, sha256 } from "../base/digest.ts";
import { type Look, orOlder } from "../base/doubted.ts";
import { Failure, isFailure, reasonOf } from "../base/failure.ts";
import { interpreted } from "../base/interpreted.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Purpose } from "../model/glossary.ts";
import type { ObjectKey } from "../model/ids.ts";
import { type Signer, type TrustRing, UntrustedSigner } from "../keys/signing.ts";
import type { ObjectReader } from "../stores/store.ts";
import { documentBytesMax } from "./fetch.ts";
import { readDoubted, type StoredBytes } from "./read-doubted.ts";

export interface SignedForm<T> {
  readonly purpose: Purpose;
  readonly schema: z.ZodType<T>;
  readonly trust: TrustRing;
  /** Why the document does not belong under this key; null when it does. The path must equal the payload. */
  readonly misplaced: (document: T) => string | null;
}

export type SignedReading<T> =
  | {
      readonly kind: "good";
      readonly document: T;
      readonly kid: string;
      readonly sha256: Sha256;
      readonly bytes: number;
    }
  | {
      readonly kind: "bad";
      readonly reason: BadReason;
      readonly detail: string;
      readonly sha256: Sha256 | null;
    };

/** `signature`: forged or altered. `signer`: of an unknown signer, or of one not trusted for this, or then. `format`: a version or engine we do not know. `malformed`: no such document at all. `misplaced`: lies under a key that is not its own. */
export type BadReason = "signature" | "signer" | "format" | "malformed" | "misplaced";

/**
 * The document under `key`, or, where the current bytes are bad and the store keeps versions, the
 * newest older one that is good: a write over the key must not hide what was signed.
 * Throws "store/absent" and what else kept us from reading; `Spoilt` where none is good and one was read
 * otherwise each time, as that one may be.
 */
export async function readSigned<T>(
  store: ObjectReader,
  key: ObjectKey,
  form: SignedForm<T>,
  wait: Waiting,
): Promise<SignedReading<T>> {
  return orOlder(
    (version) => readVersion({ store, key, version }, form, wait),
    ({ kind }) => kind === "good",
    async () => (await store.versions(key, wait)).filter(({ bytes }) => bytes <= documentBytesMax),
  );
}

/**
 * `content` signed so that `readSigned` reads it. What it would pass over is a document that says nothing, and
 * "internal/bug" to whoever wants to say it.
 */
export async function signReadable<T extends object>(
  signer: Signer,
  { purpose, schema }: Pick<SignedForm<T>, "purpose" | "schema">,
  content: T,
): Promise<Uint8Array> {
  const body = await signer.sign(purpose, schema.parse(content, interpreted));
  if (body.length <= documentBytesMax) return body;
  throw new Failure(
    "internal/bug",
    `a document of ${String(body.length)} bytes for ${purpose} is ${tooLong}`,
  );
}

/** The current bytes alone, good or bad. Throws "store/absent" and what else kept us from reading. */
export async function readCurrentSigned<T>(
  store: ObjectReader,
  key: ObjectKey,
  form: SignedForm<T>,
  wait: Waiting,
): Promise<SignedReading<T>> {
  return readVersion({ store, key }, form, wait);
}

async function readVersion<T>(
  { store, key, version }: Omit<StoredBytes, "bytesMax">,
  form: SignedForm<T>,
  wait: Waiting,
): Promise<SignedReading<T>> {
  const judge = async (body: Buffer): Promise<Look<SignedReading<T>>> => {
    const found = await examineSigned(body, form);
    // A signer nobody knows may be one whose name was spoilt; all else was signed as it stands.
    const isSpoilt = found.kind === "bad" && ["signature", "signer", "malformed"].includes(found.reason);
    return { found, wrong: isSpoilt ? found.sha256 : null };
  };
  return readDoubted(
    { store, key, version, bytesMax: documentBytesMax },
    { judge, tooLong: malformed },
    wait,
  );
}

const tooLong = "longer than any document";
const malformed = { kind: "bad", reason: "malformed", detail: `it is ${tooLong}`, sha256: null } as const;

/** The same judgement on bytes that are at hand. */
export async function examineSigned<T>(bytes: Uint8Array, form: SignedForm<T>): Promise<SignedReading<T>> {
  const digest = sha256(bytes);
  let verified: Awaited<ReturnType<TrustRing["verify"]>>;
  try {
    verified = await form.trust.verify(form.purpose, bytes);
  } catch (error) {
    if (!isFailure(error)) throw error;
    const reason = error instanceof UntrustedSigner ? "signer" : "signature";
    return { kind: "bad", reason, detail: reasonOf(error), sha256: digest };
  }
  const parsed = form.schema.safeParse(verified.payload, interpreted);
  if (!parsed.success) {
    const detail = parsed.error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`).join("; ");
    const newer = parsed.error.issues.some(({ path: [first] }) => first === "format" || first === "engine");
    return { kind: "bad", reason: newer ? "format" : "malformed", detail, sha256: digest };
  }
  const misplaced = form.misplaced(parsed.data);
  if (misplaced !== null) return { kind: "bad", reason: "misplaced", detail: misplaced, sha256: digest };
  return { kind: "good", document: parsed.data, kid: verified.kid, sha256: digest, bytes: bytes.length };
}
