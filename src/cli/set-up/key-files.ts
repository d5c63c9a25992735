/** Key files as `keys new` and `init` write them. */
import { open, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Clock } from "../../base/clock.ts";
import { isTaken } from "../../base/exists.ts";
import { Failure, reasonOf } from "../../base/failure.ts";
import { makeFolder } from "../../base/make-folder.ts";
import { newHostIdentity } from "../../keys/host-keys.ts";
import { newSigningKey } from "../../keys/signing-key.ts";
import type { RecipientSuite } from "../../model/recipient-suite.ts";

export interface IdentityFile {
  readonly path: string;
  readonly recipient: string;
}

export interface SigningFiles {
  readonly privatePath: string;
  readonly publicPath: string;
  readonly kid: string;
}

/** `host.agekey` in `folder`, readable by its owner alone, as age-keygen would write it. Never overwrites. */
export async function writeIdentity(
  folder: string,
  suite: RecipientSuite,
  clock: Clock,
): Promise<IdentityFile> {
  const { identity, recipient } = await newHostIdentity(suite);
  const path = join(folder, "host.agekey");
  const created = clock.now().toISOString();
  await writeNew(path, `# created: ${created}\n# public key: ${recipient}\n${identity}\n`, 0o600);
  return { path, recipient };
}

/** `signing.jwk`, readable by its owner alone, and `signing.pub.jwk` for everyone who trusts it. Never overwrites. */
export async function writeSigningKey(folder: string): Promise<SigningFiles> {
  const made = await newSigningKey();
  const privatePath = join(folder, "signing.jwk");
  const publicPath = join(folder, "signing.pub.jwk");
  await writeNew(privatePath, made.privateJwk, 0o600);
  await writeNew(publicPath, made.publicJwk, 0o644);
  return { privatePath, publicPath, kid: made.kid };
}

/** A folder that only its owner may enter; one that is there already is left as it is. "usage/invalid" where none can be made. */
export async function makeKeyFolder(folder: string): Promise<void> {
  await makeOrRefuse(folder, 0o700);
}

/** "usage/invalid" where the folder that somebody named cannot be made. */
export async function makeOrRefuse(folder: string, mode?: number): Promise<void> {
  try {
    await makeFolder(folder, mode);
  } catch (cause) {
    throw new Failure("usage/invalid", `the folder ${folder} cannot be made: ${reasonOf(cause)}`, {
      cause,
      hint: "may this user write there?",
    });
  }
}

/** What the two functions above write. */
export const identityFiles = ["host.agekey"] as const;
export const signingFiles = ["signing.jwk", "signing.pub.jwk"] as const;

/** "usage/invalid" when any of them is there, so that nothing is made when not all can be. */
export async function refuseTaken(folder: string, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const path = join(folder, name);
    if (await isTaken(path)) throw taken(path, undefined);
  }
}

/** Durable when it resolves: the only key of a backup must not be lost to a power cut. */
async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx", mode, flush: true });
    const folder = await open(dirname(path), "r");
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "EEXIST") throw taken(path, cause);
    // A part of a key is none, and would be in the way of the next try.
    await rm(path, { force: true }).catch(() => undefined);
    throw new Failure("usage/invalid", `${path} cannot be written: ${reasonOf(cause)}`, {
      cause,
      hint: "may this user write there, and is there room?",
    });
  }
}

function taken(path: string, cause: unknown): Failure {
  return new Failure("usage/invalid", `${path} exists already, and a key is never overwritten`, {
    cause,
    hint: "name another folder; without the old identity what it opens stays closed for ever",
  });
}
