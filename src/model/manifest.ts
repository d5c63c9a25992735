/** `manifest.age`: what is in a backup. Sealed as every object of the tenant is. */
import { chunkBytesMax } from "./chunk-bytes.ts";
import { z } from "zod";
import { fingerprint } from "./fingerprint.ts";
import { engine, format } from "./format.ts";
import { backupKind } from "./glossary.ts";
import { backupId, instant, objectKey, sha256Hex, tenantId } from "./ids.ts";

const chunk = z.object({
  key: objectKey,
  /** Length of the plaintext; more would be no chunk, and could unfold into all the memory there is. */
  bytes: z.int().nonnegative().max(chunkBytesMax),
});
export type ChunkRef = z.infer<typeof chunk>;

const stream = z.object({
  id: z.string(),
  content: z.enum(["schema", "rows", "large-objects"]),
  bytes: z.int().nonnegative(),
  sha256: sha256Hex,
  /** In order; their plaintexts joined are the stream. */
  chunks: z.array(chunk),
});
export type StreamEntry = z.infer<typeof stream>;

export const manifest = z.object({
  format: format("holdfast-manifest"),
  engine,
  tenant: tenantId,
  backup: backupId,
  kind: backupKind,
  at: instant,
  streams: z.array(stream),
  fingerprint,
  /** What made it; for people who have to explain a difference years later. */
  environment: z.record(z.string(), z.string()),
});
export type Manifest = z.infer<typeof manifest>;
