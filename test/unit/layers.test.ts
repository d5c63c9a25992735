/**
 * Imports point to strictly lower rows of the layer table of docs/design.md (section 12);
 * neighbours in a row never import each other, every folder stands in the table, and no imports go in a circle.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../../src");

const rows: Readonly<Record<string, number>> = {
  "main.ts": 9,
  "start.ts": 8,
  cli: 7,
  api: 7,
  daemon: 6,
  challenge: 6,
  desk: 5,
  backup: 4,
  verify: 4,
  restore: 4,
  retention: 4,
  scrub: 4,
  replication: 4,
  observer: 4,
  erasure: 4,
  drill: 4,
  repository: 3,
  config: 2,
  postgres: 2,
  sealing: 2,
  keys: 2,
  stores: 2,
  catalog: 2,
  telemetry: 2,
  model: 1,
  base: 0,
};

interface Arrow {
  readonly from: string;
  readonly to: string;
}

const files = readdirSync(root, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"));

function folderOf(file: string): string {
  return file.split("/")[0] ?? file;
}

function importsOf(file: string): Arrow[] {
  const text = readFileSync(join(root, file), "utf8");
  const found = text.matchAll(/(?:from|import|new URL\()\s*\(?"(\.{1,2}\/[^"]+\.ts)"/g);
  return Array.from(found, (match) => ({
    from: file,
    to: relative(root, resolve(root, dirname(file), match[1] ?? "")),
  }));
}

function pointsDown({ from, to }: Arrow): boolean {
  const here = folderOf(from);
  const there = folderOf(to);
  return here === there || (rows[here] ?? -1) > (rows[there] ?? Infinity);
}

/** The files from which arrows lead back to themselves. */
function circles(arrows: readonly Arrow[]): string[] {
  const ahead = Map.groupBy(arrows, ({ from }) => from);
  const reaches = (start: string): boolean => {
    const seen = new Set<string>();
    const toLookAt = [start];
    for (let at = toLookAt.pop(); at !== undefined; at = toLookAt.pop())
      for (const { to } of ahead.get(at) ?? []) {
        if (to === start) return true;
        if (seen.has(to)) continue;
        seen.add(to);
        toLookAt.push(to);
      }
    return false;
  };
  return [...ahead.keys()].filter(reaches);
}

describe("the layers", () => {
  it("place every folder of src in the table", () => {
    expect(files.length).toBeGreaterThan(5);
    expect([...new Set(files.map(folderOf))].filter((folder) => rows[folder] === undefined)).toEqual([]);
  });

  it("let every import point to a lower row", () => {
    const arrows = files.flatMap(importsOf);
    expect(arrows.length).toBeGreaterThan(5);
    expect(arrows.filter((arrow) => !pointsDown(arrow))).toEqual([]);
  });

  it("let no file import itself by way of others", () => {
    expect(circles(files.flatMap(importsOf))).toEqual([]);
  });

  it("would be told of a circle", () => {
    const arrow = (from: string, to: string): Arrow => ({ from, to });
    const round = [
      arrow("a.ts", "b.ts"),
      arrow("b.ts", "c.ts"),
      arrow("c.ts", "a.ts"),
      arrow("d.ts", "a.ts"),
    ];
    expect(circles(round)).toEqual(["a.ts", "b.ts", "c.ts"]);
    expect(circles(round.slice(1))).toEqual([]);
  });

  it("would be told of an arrow that points up or sideways", () => {
    expect(pointsDown({ from: "model/record.ts", to: "stores/store.ts" })).toBe(false);
    expect(pointsDown({ from: "verify/verify.ts", to: "restore/restore.ts" })).toBe(false);
    expect(pointsDown({ from: "backup/backup.ts", to: "repository/draft.ts" })).toBe(true);
  });
});
