/** Opens what lies in a directory store with the stock programs `age` and `zstd`, as somebody without Holdfast would. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { objectsOf } from "./store-objects.ts";

export interface HandManifest {
  readonly streams: readonly HandStream[];
  readonly fingerprint: {
    readonly tables: readonly { readonly schema: string; readonly name: string; readonly rows: number }[];
  };
}

export interface HandStream {
  readonly id: string;
  readonly content: "schema" | "rows" | "large-objects";
  readonly bytes: number;
  readonly chunks: readonly { readonly key: string; readonly bytes: number }[];
}

export interface HandOptions {
  readonly store: string;
  readonly tenant: string;
  /** The host's identity file, as `age -i` takes it. */
  readonly identityFile: string;
}

/** The newest manifest of the tenant, or that of `backup`. */
export function manifestByHand(options: HandOptions, backup?: string): HandManifest {
  const keys = objectsOf(options.store, options.tenant, "manifest").filter(
    (key) => backup === undefined || key.includes(`/${backup}/`),
  );
  const key = keys.at(-1);
  if (key === undefined) throw new Error(`there is no manifest of ${options.tenant}`);
  return JSON.parse(openByHand(options, key).toString("utf8"));
}

/** Keys of the chunks that hold one sort of content, in the order of the streams. */
export function chunksByContent(options: HandOptions, content: HandStream["content"]): string[] {
  return manifestByHand(options)
    .streams.filter((stream) => stream.content === content)
    .flatMap((stream) => stream.chunks.map((chunk) => chunk.key));
}

/** The plaintext of one sealed object. */
export function openByHand({ store, tenant, identityFile }: HandOptions, key: string): Buffer {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-hand-"));
  try {
    const own = join(folder, "tenant.agekey");
    const identities = objectsOf(store, tenant, "key-identity").map((sealed) =>
      age(identityFile, join(store, sealed)),
    );
    writeFileSync(own, Buffer.concat(identities.flatMap((identity) => [identity, Buffer.from("\n")])), {
      mode: 0o600,
    });
    const compressed = age(own, join(store, key));
    return execFileSync("zstd", ["-dc"], { input: compressed, maxBuffer: 1_000_000_000 });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function age(identityFile: string, path: string): Buffer {
  return execFileSync("age", ["-d", "-i", identityFile], {
    input: readFileSync(path),
    maxBuffer: 1_000_000_000,
  });
}
