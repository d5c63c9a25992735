/**
 * Opens what a store holds with `age -d`, `zstd -dc` and SHA-256, going by the signed record alone: whether all that
 * counts can be read without the product, and is what its manifest says.
 */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { type Bodies, recordsIn } from "./copy-reader.ts";

/** No more of the manifest than a person would read. */
const manifestForm = z.object({
  streams: z.array(
    z.object({
      id: z.string(),
      sha256: z.string(),
      chunks: z.array(z.object({ key: z.string(), bytes: z.number() })),
    }),
  ),
  fingerprint: z.object({
    tables: z.array(
      z.object({
        name: z.string(),
        slices: z.array(
          z.object({
            stream: z.string(),
            offset: z.number(),
            bytes: z.number(),
            sha256: z.string(),
          }),
        ),
      }),
    ),
  }),
});

/** What of the newest backup of a store does not open, or opens to something else; in words. `identity`: as age writes it, of a reader. */
export function unopened(store: Bodies, tenant: string, identity: string): string[] {
  const newest = recordsIn(store).toSorted().at(-1);
  if (newest === undefined) return ["there is no backup to open"];
  const folder = mkdtempSync(join(tmpdir(), "holdfast-open-"));
  try {
    const key = (text: string | Buffer, name: string): string => {
      const file = join(folder, name);
      writeFileSync(file, text, { mode: 0o600 });
      return file;
    };
    const record = payloadOf(store.bodyOf(`tenants/${tenant}/backups/${newest}/record.jws`));
    const generation = z.object({ keyGeneration: z.number() }).parse(record).keyGeneration;
    const sealedIdentity = store.bodyOf(`tenants/${tenant}/keys/${String(generation)}.identity.age`);
    const tenantKey = key(through("age", ["-d", "-i", key(identity, "reader")], sealedIdentity), "tenant");
    const open = (name: string): Buffer =>
      through("zstd", ["-dc"], through("age", ["-d", "-i", tenantKey], store.bodyOf(name)));
    const { streams, fingerprint } = manifestForm.parse(
      JSON.parse(open(`tenants/${tenant}/backups/${newest}/manifest.age`).toString("utf8")),
    );
    const wrong: string[] = [];
    const plain = new Map<string, Buffer>();
    for (const { id, sha256, chunks } of streams) {
      const parts = chunks.map(({ key: name, bytes }) => {
        const part = open(name);
        if (part.length !== bytes) wrong.push(`${name} opens to ${String(part.length)} bytes`);
        return part;
      });
      const whole = Buffer.concat(parts);
      if (digestOf(whole) !== sha256) wrong.push(`stream ${id} of ${newest} has another digest`);
      plain.set(id, whole);
    }
    for (const { name, slices } of fingerprint.tables) {
      for (const { stream, offset, bytes, sha256 } of slices) {
        const rows = plain.get(stream)?.subarray(offset, offset + bytes);
        if (rows === undefined || digestOf(rows) !== sha256)
          wrong.push(`the rows of ${name} are not those of the fingerprint`);
      }
    }
    return wrong;
  } catch (error) {
    return [`${newest} does not open: ${String(error)}`];
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function through(program: string, args: readonly string[], input: Buffer): Buffer {
  const { status, stdout, stderr, error } = spawnSync(program, args, { input, maxBuffer: 1 << 28 });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${program} ended with ${String(status)}: ${stderr.toString("utf8")}`);
  return stdout;
}

function digestOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}

function payloadOf(jws: Buffer): unknown {
  const payload = jws.toString("latin1").split(".")[1] ?? "";
  return JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
}
