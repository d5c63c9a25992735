/** What the keys of this host are worth by the configuration. */
import { reasonOf } from "../base/failure.ts";
import type { Config, KeysConfig } from "../config/config.ts";
import { readIdentity, recipientOf } from "../keys/host-keys.ts";
import { readPrivateKey, readPublicKey } from "../keys/signing-key.ts";
import { type Purpose, type Role } from "../model/glossary.ts";

export interface HostKeys {
  readonly identity: {
    readonly origin: string;
    readonly recipient: string | null;
    readonly roles: readonly Role[];
    readonly problem: string | null;
  } | null;
  readonly signing: {
    readonly origin: string;
    readonly kid: string | null;
    readonly may: readonly Purpose[];
    readonly problem: string | null;
  } | null;
  readonly trusted: readonly {
    readonly origin: string;
    readonly kid: string | null;
    readonly may: readonly Purpose[];
    readonly from: string | null;
    readonly until: string | null;
    readonly problem: string | null;
  }[];
}

/** Reads every key that the configuration names; one that cannot be read is told with its problem, not thrown. */
export async function hostKeys({ keys }: Config): Promise<HostKeys> {
  const trusted = await Promise.all(
    keys.trusted.map(async ({ key, may, from, until }) => {
      const read = await attempt(async () => (await readPublicKey(await key.reveal())).kid);
      return {
        origin: key.origin,
        kid: read.value,
        may,
        from: from?.toISOString() ?? null,
        until: until?.toISOString() ?? null,
        problem: read.problem,
      };
    }),
  );
  const { identity, signing } = keys;
  return {
    identity: identity === null ? null : await identityOf(identity, keys),
    signing: signing === null ? null : await signingOf(signing, trusted),
    trusted,
  };
}

/** The roles in which the configuration names this recipient. */
export function rolesOf(recipient: string, keys: KeysConfig): Role[] {
  const named: readonly (readonly [Role, readonly string[]])[] = [
    ["worker", keys.workers],
    ["verifier", keys.verifiers],
    ["restorer", keys.restorers],
    ["escrow", keys.escrow],
  ];
  return named.filter(([, recipients]) => recipients.includes(recipient)).map(([role]) => role);
}

async function identityOf(
  identity: NonNullable<KeysConfig["identity"]>,
  keys: KeysConfig,
): Promise<HostKeys["identity"]> {
  const read = await attempt(async () => recipientOf(readIdentity(await identity.reveal())));
  const roles = read.value === null ? [] : rolesOf(read.value, keys);
  const stranger = read.value !== null && roles.length === 0 ? "keys names it in no role" : null;
  return { origin: identity.origin, recipient: read.value, roles, problem: read.problem ?? stranger };
}

async function signingOf(
  signing: NonNullable<KeysConfig["signing"]>,
  trusted: HostKeys["trusted"],
): Promise<HostKeys["signing"]> {
  const read = await attempt(async () => (await readPrivateKey(await signing.reveal())).kid);
  const may = [
    ...new Set(trusted.filter(({ kid }) => kid !== null && kid === read.value).flatMap((one) => one.may)),
  ];
  const stranger =
    read.value !== null && may.length === 0 ? "keys.trusted does not name it, so nobody believes it" : null;
  return { origin: signing.origin, kid: read.value, may, problem: read.problem ?? stranger };
}

async function attempt(
  read: () => Promise<string>,
): Promise<{ readonly value: string | null; readonly problem: string | null }> {
  try {
    return { value: await read(), problem: null };
  } catch (error) {
    return { value: null, problem: reasonOf(error) };
  }
}
