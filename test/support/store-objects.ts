/** What lies in a directory store, found by walking the folder, without the product. */
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";

export const objectRoles = [
  "descriptor",
  "chunk",
  "manifest",
  "inventory",
  "record",
  "key-statement",
  "key-identity",
  "key-id",
  "proof",
  "proof-detail",
] as const;
export type ObjectRole = (typeof objectRoles)[number];

const patterns: Readonly<Record<ObjectRole, RegExp>> = {
  descriptor: /^holdfast\.json$/,
  chunk: /\/chunks\/\d+\/[0-9a-f]{2}\/[0-9a-f]{64}-[0-9a-f]{64}$/,
  manifest: /\/backups\/[^/]+\/manifest\.age$/,
  inventory: /\/backups\/[^/]+\/inventory\.zst$/,
  record: /\/backups\/[^/]+\/record\.jws$/,
  "key-statement": /\/keys\/\d+\.jws$/,
  "key-identity": /\/keys\/\d+\.identity\.age$/,
  "key-id": /\/keys\/\d+\.id\.age$/,
  proof: /\/proofs\/[^/]+\/[^/]+\.jws$/,
  "proof-detail": /\/proofs\/[^/]+\/[^/]+\.detail\.age$/,
};

/** Keys of one role and tenant, sorted: backups come in the order of their recovery points. */
export function objectsOf(store: string, tenant: string, role: ObjectRole): string[] {
  return allObjects(store).filter((key) => {
    const ours = role === "descriptor" || key.startsWith(`tenants/${tenant}/`);
    return ours && patterns[role].test(key);
  });
}

/** Every key in the folder, sorted. */
export function allObjects(store: string): string[] {
  return readdirSync(store, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(store, join(entry.parentPath, entry.name)))
    .filter((key) => !key.split("/").some((part) => part.startsWith(".")))
    .sort();
}
