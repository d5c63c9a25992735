/** Key files as `keys new` and `init` write them. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../base/clock.ts";
import { Failure } from "../base/failure.ts";
import { newHostIdentity } from "../keys/host-keys.ts";
import { newSigningKey } from "../keys/signing-key.ts";
import type { RecipientSuite } from "../model/recipient-suite.ts";

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

/** A folder that only its owner may enter; one that is there already is left as it is. */
export async function makeKeyFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
}

async function writeNew(path: string, text: string, mode: number): Promise<void> {
  try {
    await writeFile(path, text, { flag: "wx", mode });
  } catch (cause) {
    const taken = cause instanceof Error && "code" in cause && cause.code === "EEXIST";
    if (!taken)
      throw new Failure("usage/invalid", `${path} cannot be written`, {
        cause,
        hint: "may this user write there?",
      });
    throw new Failure("usage/invalid", `${path} exists already, and a key is never overwritten`, {
      cause,
      hint: "name another folder; without the old identity what it opens stays closed for ever",
    });
  }
}
