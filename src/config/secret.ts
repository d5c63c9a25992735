import { readFile } from "node:fs/promises";
import { inspect } from "node:util";
import { Failure } from "../base/failure.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** Where a secret is kept; its value is never part of the configuration. */
export type SecretPlace =
  | { readonly kind: "env"; readonly variable: string }
  | { readonly kind: "file"; readonly path: string }
  /** A value that is no secret by itself, such as a URL without a password. */
  | { readonly kind: "plain"; readonly value: string };

const secretBytesMax = 65_536;

/**
 * A secret that is read when it is used and prints as `[redacted]` wherever it is put: JSON, logs,
 * templates, `console.log`.
 */
export class Secret {
  /** Which setting it is, for messages: `sources.erp.url`. */
  readonly setting: string;
  readonly #place: SecretPlace;
  readonly #env: Environment;

  constructor(setting: string, place: SecretPlace, env: Environment) {
    this.setting = setting;
    this.#place = place;
    this.#env = env;
  }

  /** `environment variable ERP_URL`, `file /etc/…`: where it comes from, which may be told. */
  get origin(): string {
    switch (this.#place.kind) {
      case "env":
        return `environment variable ${this.#place.variable}`;
      case "file":
        return `file ${this.#place.path}`;
      case "plain":
        return "the configuration";
    }
  }

  /** The file it is kept in; null when it is kept elsewhere. */
  get file(): string | null {
    return this.#place.kind === "file" ? this.#place.path : null;
  }

  /**
   * The value, without white space around it. Throws "config/invalid" naming the setting when the
   * variable is not set or the file cannot be read; never caches, so that a rotated secret is seen.
   */
  async reveal(): Promise<string> {
    const value = (await this.#read()).trim();
    if (value === "") throw new Failure("config/invalid", `${this.setting}: ${this.origin} is empty`);
    return value;
  }

  async #read(): Promise<string> {
    switch (this.#place.kind) {
      case "plain":
        return this.#place.value;
      case "env": {
        const value = this.#env[this.#place.variable];
        if (value !== undefined) return value;
        throw new Failure("config/invalid", `${this.setting}: ${this.origin} is not set`, {
          hint: `set ${this.#place.variable} in the environment of holdfast`,
        });
      }
      case "file": {
        const { path } = this.#place;
        const bytes = await readFile(path).catch((cause: unknown) => {
          throw new Failure("config/invalid", `${this.setting}: file ${path} cannot be read`, {
            cause,
            hint: "does the file exist, and may this user read it?",
          });
        });
        if (bytes.length <= secretBytesMax) return bytes.toString("utf8");
        throw new Failure("config/invalid", `${this.setting}: file ${path} is too large for a secret`);
      }
    }
  }

  toString(): string {
    return "[redacted]";
  }

  toJSON(): string {
    return "[redacted]";
  }

  [inspect.custom](): string {
    return "[redacted]";
  }
}

/** `env:NAME` or `file:PATH`; null for anything else. */
export function parseSecretPlace(text: string): SecretPlace | null {
  const [, variable] = /^env:([A-Za-z_][A-Za-z0-9_]*)$/.exec(text) ?? [];
  if (variable !== undefined) return { kind: "env", variable };
  const [, path] = /^file:(.+)$/.exec(text) ?? [];
  return path === undefined ? null : { kind: "file", path };
}
