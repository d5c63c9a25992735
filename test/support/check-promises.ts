/**
 * Whether promises 1, 2, 5, 6 and 11 hold, read from the stores by code that shares nothing with the
 * product: the runtime's own Ed25519, zstd and SHA-256, and the public key that is trusted.
 */
import { createHash, createPublicKey, type KeyObject, verify } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Bodies, brokenPromises, recordsIn } from "./copy-reader.ts";
import { allObjects } from "./store-objects.ts";

export type Stores = Readonly<Record<string, Bodies>>;

export interface Evidence {
  /** By name. */
  readonly stores: Stores;
  /** Of the one signer, as a JWK. */
  readonly publicJwk: string;
  /** Backups that were reported to count, with the quorum of their plan. */
  readonly counted?: { readonly backups: readonly string[]; readonly quorum: number };
  /** Whether somebody damaged a copy; else no proof may say `refuted`. */
  readonly damaged?: boolean;
  /** What stores showed before: their last proven copy must be there still. */
  readonly before?: Stores;
  /** What stood in the tenant's rows, and folders where it must not be found. */
  readonly plain?: { readonly canary: string; readonly folders: readonly string[] };
}

/** What is broken, in words; empty when all promises hold. */
export function brokenBy(evidence: Evidence): string[] {
  const key = createPublicKey({ key: JSON.parse(evidence.publicJwk), format: "jwk" });
  const { stores, counted, damaged = false, before = {}, plain } = evidence;
  return Object.entries(stores)
    .flatMap(([name, store]) => [
      ...brokenPromises(store).map((what) => `promise 1 in ${name}: ${what} is not whole`),
      ...misnamed(store).map((what) => `promise 1 in ${name}: ${what} has other bytes than its name says`),
      ...unsigned(store, key).map((what) => `promise 9 in ${name}: ${what} is not signed as it should be`),
      ...proofsIn(store, key).flatMap((proof) =>
        liesOf(proof, damaged).map((lie) => `promise 5 in ${name}: ${lie}`),
      ),
      ...lostProven(before[name], store, key).map((what) => `promise 6 in ${name}: ${what}`),
    ])
    .concat(
      (counted?.backups ?? []).flatMap((backup) => {
        const holders = holdersOf(backup, stores);
        const enough = holders.length >= (counted?.quorum ?? 1);
        return enough ? [] : [`promise 2: ${backup} counts and is whole in ${String(holders.length)} stores`];
      }),
    )
    .concat(plain === undefined ? [] : inTheClear(plain, stores));
}

/** The stores that hold the backup whole. */
export function holdersOf(backup: string, stores: Stores): string[] {
  return Object.entries(stores).flatMap(([name, store]) => {
    const broken = brokenPromises(store).some((what) => what.includes(`/${backup}/record.jws`));
    return recordsIn(store).includes(backup) && !broken ? [name] : [];
  });
}

interface SeenProof {
  readonly key: string;
  readonly backup: string;
  readonly verdict: string;
}

/** Proofs with a good signature. */
function proofsIn(store: Bodies, key: KeyObject): SeenProof[] {
  return store.keys().flatMap((one) => {
    if (!/\/proofs\/[^/]+\/[^/]+\.jws$/.test(one)) return [];
    const payload = payloadOf(store.bodyOf(one), key);
    if (payload === null) return [];
    return [{ key: one, backup: String(payload["backup"]), verdict: String(payload["verdict"]) }];
  });
}

/** A machine or a line that fails never gives `refuted`. */
function liesOf({ key, verdict }: SeenProof, damaged: boolean): string[] {
  if (!["proven", "refuted", "inconclusive"].includes(verdict)) return [`${key} says ${verdict}`];
  return verdict === "refuted" && !damaged ? [`${key} accuses a good copy`] : [];
}

function lostProven(before: Bodies | undefined, now: Bodies, key: KeyObject): string[] {
  if (before === undefined) return [];
  const had = provenIn(before, key);
  const has = new Set(provenIn(now, key));
  if (had.length === 0 || had.some((backup) => has.has(backup))) return [];
  return [`no proven copy is left of ${had.join(", ")}`];
}

function provenIn(store: Bodies, key: KeyObject): string[] {
  const broken = brokenPromises(store);
  const here = new Set(recordsIn(store));
  return proofsIn(store, key)
    .filter(({ verdict, backup }) => verdict === "proven" && here.has(backup))
    .map(({ backup }) => backup)
    .filter((backup) => !broken.some((what) => what.includes(`/${backup}/record.jws`)));
}

/** Chunks whose bytes are not those that their names tell, named by a record or not. */
function misnamed(store: Bodies): string[] {
  return store.keys().filter((key) => {
    const digest = /\/chunks\/.*-([0-9a-f]{64})$/.exec(key)?.[1];
    return digest !== undefined && digest !== createHash("sha256").update(store.bodyOf(key)).digest("hex");
  });
}

function unsigned(store: Bodies, key: KeyObject): string[] {
  return store.keys().filter((one) => one.endsWith(".jws") && payloadOf(store.bodyOf(one), key) === null);
}

/** Null unless that key signed it. */
function payloadOf(jws: Buffer, key: KeyObject): Readonly<Record<string, unknown>> | null {
  const [header = "", payload = "", signature = ""] = jws.toString("latin1").split(".");
  const signed = Buffer.from(`${header}.${payload}`, "latin1");
  if (!verify(null, signed, key, Buffer.from(signature, "base64url"))) return null;
  const parsed: unknown = JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  return typeof parsed === "object" && parsed !== null ? Object.fromEntries(Object.entries(parsed)) : null;
}

function inTheClear({ canary, folders }: NonNullable<Evidence["plain"]>, stores: Stores): string[] {
  const found = folders.flatMap((folder) =>
    filesBelow(folder).filter((file) => readFileSync(file).includes(canary)),
  );
  for (const [name, store] of Object.entries(stores)) {
    found.push(
      ...store
        .keys()
        .filter((key) => store.bodyOf(key).includes(canary))
        .map((key) => `${key} in ${name}`),
    );
  }
  return found.map((where) => `promise 11: rows lie in the clear in ${where}`);
}

function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

/** A directory store, as a folder. */
export function folderBodies(folder: string): Bodies {
  return { keys: () => allObjects(folder), bodyOf: (key) => readFileSync(join(folder, key)) };
}
