/** What a store lists of a tenant is told as a `Map` would tell it, in a tenth of the memory. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { tenantId } from "../../src/model/ids.ts";
import { chunkKey } from "../../src/model/layout.ts";
import { ListedSizes } from "../../src/repository/listed-sizes.ts";

const acme = tenantId.parse("acme");
const keys = fc.oneof(
  fc
    .record({ generation: fc.integer({ min: 1, max: 3 }), name: fc.nat(30), digest: fc.nat(30) })
    .map(({ generation, name, digest }) =>
      chunkKey(acme, {
        generation,
        name: sha256(Buffer.from(`n${String(name)}`)),
        digest: sha256(Buffer.from(String(digest))),
      }),
    ),
  fc.constantFrom(
    "tenants/acme/keys/1.jws",
    "tenants/acme/backups/x/manifest.age",
    "tenants/acme/chunks/1/x",
  ),
);
const sizes = fc.oneof(fc.nat(9_000_000), fc.constantFrom(0, 2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, 2 ** 40));

it("answers as a map does, empty objects and those beyond four GiB included", () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(keys, sizes)), fc.array(keys), (listed, asked) => {
      const map = new Map<string, number>();
      const compact = new ListedSizes();
      for (const [key, bytes] of listed) {
        map.set(key, bytes);
        compact.set(key, bytes);
      }
      for (const key of [...asked, ...map.keys()]) {
        expect([key, compact.get(key), compact.has(key)]).toEqual([key, map.get(key), map.has(key)]);
      }
    }),
    { numRuns: 200 },
  );
});

it("finds each of many chunks as it grows, and none that is not among them", () => {
  const compact = new ListedSizes();
  const keyOf = (n: number): string => {
    const digest = sha256(Buffer.from(String(n)));
    return chunkKey(acme, { generation: 1, name: sha256(Buffer.from(digest)), digest });
  };
  for (let n = 0; n < 20_000; n += 1) compact.set(keyOf(n), n);
  const known = Array.from({ length: 20_000 }, (_, n) => n);
  expect(known.filter((n) => compact.get(keyOf(n)) !== n)).toEqual([]);
  expect(known.filter((n) => compact.has(keyOf(20_000 + n)))).toEqual([]);
});
