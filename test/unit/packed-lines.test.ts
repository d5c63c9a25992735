/** Lines of an inventory come back as they were put in, however few bytes they take meanwhile. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import type { InventoryLine } from "../../src/model/documents.ts";
import { objectKey, tenantId } from "../../src/model/ids.ts";
import { chunkKey } from "../../src/model/layout.ts";
import { PackedLines } from "../../src/replication/packed-lines.ts";

const digests = fc.nat(9).map((one) => sha256(Buffer.from(String(one))));
const chunkKeys = fc
  .record({
    tenant: fc.constantFrom("acme", "globex"),
    generation: fc.integer({ min: 1, max: 3 }),
    name: digests,
    digest: digests,
  })
  .map(({ tenant, ...chunk }) => chunkKey(tenantId.parse(tenant), chunk));
const otherKeys = fc.constantFrom("tenants/acme/keys/1.jws", "tenants/acme/chunks/1/x", "x");
const sizes = fc.oneof(fc.nat(9_000_000), fc.constantFrom(0, 2 ** 32, 2 ** 48, Number.MAX_SAFE_INTEGER));
const locks = fc.constantFrom(undefined, "2026-11-21T00:00:00Z", "2026-12-21T00:00:00.000Z");
const lines = fc
  .tuple(
    fc.oneof(
      chunkKeys,
      otherKeys.map((key) => objectKey.parse(key)),
    ),
    sizes,
    digests,
    fc.boolean(),
    locks,
  )
  .map(([key, bytes, other, isOwn, lockedUntil]): InventoryLine => {
    // The digest of a chunk's own key, as an honest inventory has it, or another.
    const digest = isOwn ? (key.split("-").at(-1) ?? "") : other;
    const line = { key, bytes, sha256: digest.length === 64 ? digest : other };
    return lockedUntil === undefined ? line : { ...line, lockedUntil };
  });

it("gives back every line, of whatever chunks, sizes and locks", () => {
  fc.assert(
    fc.property(fc.array(lines), fc.array(lines), (first, more) => {
      const packed = PackedLines.from(first);
      for (const line of more) packed.add(line);
      const all = [...first, ...more];
      expect(sorted(packed)).toEqual(sorted(all));
      expect(sorted(packed)).toEqual(sorted(all));
      expect(packed).toHaveLength(all.length);
    }),
  );
});

it("keeps the order of more chunks than lie in one piece, and counts their bytes", () => {
  const many = Array.from({ length: 20_000 }, (_, at): InventoryLine => {
    const digest = sha256(Buffer.from(String(at)));
    const key = chunkKey(tenantId.parse("acme"), { generation: 1, name: digest, digest });
    return { key, bytes: at, sha256: digest };
  });
  const packed = PackedLines.from(many);
  expect([...packed]).toEqual(many);
  expect(packed.bytes).toBe((20_000 * 19_999) / 2);
});

function sorted(all: Iterable<InventoryLine>): readonly string[] {
  return [...all]
    .map((line) => JSON.stringify([line.key, line.bytes, line.sha256, line.lockedUntil]))
    .toSorted();
}
