/** The tests' own means of damage do what they say and undo it: a damage that does nothing would prove nothing. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { damage, swap, type Damage } from "../support/damage.ts";
import { sealedParts, truncations } from "../support/sealed-boundaries.ts";
import { objectsOf } from "../support/store-objects.ts";

const names = ["a", "b"].map((letter) => letter.repeat(64));
const [first, second] = names.map(
  (name) => `tenants/acme/chunks/1/${name.slice(0, 2)}/${name}-${"0".repeat(64)}`,
);

describe("damage to a directory store", () => {
  let folder: string;
  let identity: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "holdfast-damage-"));
    identity = join(folder, ".key");
    execFileSync("age-keygen", ["-o", identity], { stdio: "ignore" });
    const recipient = execFileSync("age-keygen", ["-y", identity], { encoding: "utf8" }).trim();
    for (const [index, key] of [first, second].entries()) {
      const path = join(folder, key ?? "");
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, execFileSync("age", ["-r", recipient], { input: Buffer.alloc(150_000, index) }), {
        mode: 0o400,
      });
    }
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  function opens(key: string): boolean {
    try {
      execFileSync("age", ["-d", "-i", identity], { input: readFileSync(join(folder, key)), stdio: "pipe" });
      return true;
    } catch {
      return false;
    }
  }

  const ways: readonly Damage[] = [
    { kind: "missing" },
    { kind: "truncated", toBytes: 70_000 },
    { kind: "extended", by: Buffer.from("x") },
    { kind: "flipped", where: "header" },
    { kind: "flipped", where: "body" },
    { kind: "flipped", where: "tag" },
    { kind: "replayed", bytes: Buffer.from("old") },
  ];

  it.for(ways.map((way) => [JSON.stringify(way).slice(0, 60), way] as const))(
    "%s is felt by age and undone",
    ([, way]) => {
      const key = first ?? "";
      const whole = readFileSync(join(folder, key));
      {
        using _damaged = damage(folder, key, way);
        expect(opens(key)).toBe(false);
      }
      expect(readFileSync(join(folder, key)).equals(whole)).toBe(true);
      expect(opens(key)).toBe(true);
    },
  );

  it("exchanges the bytes of two objects", () => {
    const [one, other] = [first ?? "", second ?? ""];
    const before = readFileSync(join(folder, one));
    {
      using _swapped = swap(folder, one, other);
      expect(readFileSync(join(folder, other)).equals(before)).toBe(true);
      expect(readFileSync(join(folder, one)).equals(before)).toBe(false);
    }
    expect(readFileSync(join(folder, one)).equals(before)).toBe(true);
  });

  it("knows where the parts of a sealed file end", () => {
    const bytes = readFileSync(join(folder, first ?? ""));
    const { headerEnd, pieceEnds } = sealedParts(bytes);
    expect(bytes.subarray(0, headerEnd).toString("latin1")).toMatch(/\n--- \S{43}\n$/);
    expect(pieceEnds).toEqual([headerEnd + 16 + 65_552, headerEnd + 16 + 131_104, bytes.length]);
    const cuts = truncations(bytes);
    expect(cuts.length).toBeGreaterThan(12);
    expect(cuts.every((cut) => cut < bytes.length)).toBe(true);
  });

  it("finds objects by their role", () => {
    expect(objectsOf(folder, "acme", "chunk")).toEqual([first, second]);
    expect(objectsOf(folder, "bravo", "chunk")).toEqual([]);
    expect(statSync(join(folder, first ?? "")).size).toBeGreaterThan(150_000);
  });
});
