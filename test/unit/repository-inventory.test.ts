/** An inventory says again exactly what was put into it, and nothing that only looks like one passes. */
import { zstdCompressSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { InventoryLine } from "../../src/model/documents.ts";
import { backupId, objectKey, tenantId } from "../../src/model/ids.ts";
import { chunkKey } from "../../src/model/layout.ts";
import type { ObjectStat } from "../../src/stores/store.ts";
import { decodeInventory, encodeInventory } from "../../src/repository/inventory.ts";
import { lacking } from "../../src/repository/listing.ts";

const owner = { tenant: tenantId.parse("acme"), backup: backupId.parse("20261121T120000Z-aaaaaa") };
const digest = "ab".repeat(32);

function line(name: string, bytes: number = 1): InventoryLine {
  return { key: objectKey.parse(`tenants/acme/${name}`), bytes, sha256: digest };
}

const someLines = fc
  .uniqueArray(fc.stringMatching(/^[a-zA-Z0-9_-]{1,12}$/), { maxLength: 60 })
  .map((names) => names.map((name, index) => line(name, index)));

function sorted(lines: readonly InventoryLine[]): InventoryLine[] {
  return lines.toSorted((one, other) => (one.key < other.key ? -1 : 1));
}

/** The text of an inventory, compressed, whatever it says. */
function raw(...lines: readonly unknown[]): Buffer {
  const text = lines.map((one) => (typeof one === "string" ? one : JSON.stringify(one))).join("\n");
  return zstdCompressSync(Buffer.from(`${text}\n`));
}

const header = { format: { name: "holdfast-inventory", version: 1 }, ...owner };

async function refused(bytes: Uint8Array, lines: number = 1): Promise<unknown> {
  return Array.fromAsync(decodeInventory(bytes, owner, lines)).catch((error: unknown) => error);
}

describe("an inventory", () => {
  it("comes back sorted by key, whatever the order it was given in", async () => {
    const property = fc.asyncProperty(someLines, async (lines) => {
      const bytes = await encodeInventory(owner, lines);
      expect(await Array.fromAsync(decodeInventory(bytes, owner, lines.length))).toEqual(sorted(lines));
    });
    await expect(fc.assert(property)).resolves.toBeUndefined();
  });

  it("keeps the expiry of locks", async () => {
    const locked = { ...line("a"), lockedUntil: "2027-01-01T00:00:00.000Z" };
    const bytes = await encodeInventory(owner, [locked]);
    expect(await Array.fromAsync(decodeInventory(bytes, owner, 1))).toEqual([locked]);
  });

  it("of another backup or tenant is refused", async () => {
    for (const other of [{ backup: "20261121T120000Z-bbbbbb" }, { tenant: "bravo" }]) {
      expect(await refused(raw({ ...header, ...other }, line("a")))).toMatchObject({
        code: "format/invalid",
      });
    }
  });

  it("of a version unknown is told from a broken one", async () => {
    const newer = { ...header, format: { name: "holdfast-inventory", version: 2 } };
    expect(await refused(raw(newer, line("a")))).toMatchObject({ code: "format/unknown" });
  });

  it("that is not sorted, names a key twice, or names another tenant's is refused", async () => {
    expect(await refused(raw(header, line("b"), line("a")), 2)).toMatchObject({ code: "format/invalid" });
    expect(await refused(raw(header, line("a"), line("a")), 2)).toMatchObject({ code: "format/invalid" });
    const foreign = { ...line("a"), key: "tenants/bravo/a" };
    expect(await refused(raw(header, foreign))).toMatchObject({ code: "format/invalid" });
  });

  it("of more or fewer lines than the record says is refused", async () => {
    for (const lines of [0, 2]) {
      expect(await refused(raw(header, line("a")), lines)).toMatchObject({ code: "format/invalid" });
    }
  });

  it("that is cut short, is no JSON, or is no zstd is refused", async () => {
    const whole = raw(header, line("a"));
    expect(await refused(whole.subarray(0, whole.length - 5))).toMatchObject({ code: "format/invalid" });
    expect(await refused(raw(header, "{"))).toMatchObject({ code: "format/invalid" });
    expect(await refused(Buffer.from("no zstd at all"))).toMatchObject({ code: "format/invalid" });
    expect(await refused(zstdCompressSync(Buffer.from(JSON.stringify(header))), 0)).toMatchObject({
      code: "format/invalid",
    });
  });

  it("that unfolds into far more than its record says is refused before it is in memory", async () => {
    const bomb = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024, "\n"));
    expect(await refused(bomb, 0)).toMatchObject({ code: expect.stringMatching(/^format\//) });
    const oneLine = zstdCompressSync(Buffer.alloc(64 * 1024 * 1024, "a"));
    expect(await refused(oneLine, 1)).toMatchObject({ message: "an inventory unfolds beyond its bounds" });
  });
});

describe("an inventory of a signer who lies about lengths", () => {
  it("has no line that is gathered beyond what any of ours needs", async () => {
    const endless = zstdCompressSync(
      Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), Buffer.alloc(20_000_000, "x")]),
    );
    expect(endless.length).toBeLessThan(10_000);
    expect(await refused(endless, 1_000_000)).toMatchObject({
      code: "format/invalid",
      message: "an inventory has a line longer than any of ours",
    });
  });

  it("is not begun where it names more than a manifest can", async () => {
    expect(await refused(raw(header, line("a")), 1e9)).toMatchObject({
      code: "format/invalid",
      message: expect.stringContaining("more than any backup has"),
    });
  });

  it("names no chunk that a reader would have to take into memory for ever", async () => {
    const key = chunkKey(owner.tenant, { generation: 1, name: digest, digest });
    const whole = { ...line("a"), key, bytes: 9_000_000 };
    expect(await refused(raw(header, whole))).toHaveLength(1);
    expect(await refused(raw(header, { ...whole, bytes: 50_000_000_000 }))).toMatchObject({
      code: "format/invalid",
    });
  });
});

describe("comparing with a listing", () => {
  const fates = fc.func(fc.constantFrom("whole", "absent", "other size"));

  it("finds exactly the lines that are absent or of another size", async () => {
    const property = fc.asyncProperty(someLines, fates, someLines, async (lines, fate, strangers) => {
      const named = sorted(lines);
      const keys = new Set(named.map(({ key }) => key));
      const listed = named.flatMap((one) => {
        const what = fate(one.key);
        return what === "absent" ? [] : [what === "whole" ? one : { ...one, bytes: one.bytes + 1 }];
      });
      const others = strangers.filter(({ key }) => !keys.has(key));
      async function* listing(): AsyncGenerator<ObjectStat> {
        for (const { key, bytes } of sorted([...listed, ...others]))
          yield { key, bytes, modifiedAt: new Date(0) };
      }
      const expected = named.filter((one) => fate(one.key) !== "whole");
      expect(await lacking(named, listing())).toEqual(expected);
    });
    await expect(fc.assert(property)).resolves.toBeUndefined();
  });
});
