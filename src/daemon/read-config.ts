import { createHash } from "node:crypto";
import type { Config } from "../config/config.ts";
import { loadConfig } from "../config/load-config.ts";
import { type Environment, Secret } from "../config/secret.ts";

/** A configuration with what its secrets were when it was read, so that a rotated one shows. */
export interface ReadConfig {
  readonly config: Config;
  /** Setting to digest; where a secret cannot be read, what says so. */
  readonly secrets: ReadonlyMap<string, string>;
}

/** Throws as `loadConfig` does; a secret that cannot be read is none of its errors. */
export async function readConfig(path: string, env: Environment): Promise<ReadConfig> {
  return withSecrets(await loadConfig(path, env));
}

export async function withSecrets(config: Config): Promise<ReadConfig> {
  const secrets = await Promise.all(
    secretsOf(config).map(async (secret) => [secret.setting, await digestOf(secret)] as const),
  );
  return { config, secrets: new Map(secrets) };
}

/** Every secret that the configuration names, wherever in it; those of tenants are those of their sources. */
export function secretsOf(config: Config): readonly Secret[] {
  return secretsIn({ ...config, tenants: null, discover: null });
}

function secretsIn(value: unknown): Secret[] {
  if (value instanceof Secret) return [value];
  if (value instanceof Map) return [...value.values()].flatMap(secretsIn);
  return typeof value === "object" && value !== null ? Object.values(value).flatMap(secretsIn) : [];
}

async function digestOf(secret: Secret): Promise<string> {
  const value = await secret.reveal().catch(() => null);
  return value === null ? "not readable" : createHash("sha256").update(value).digest("hex");
}
