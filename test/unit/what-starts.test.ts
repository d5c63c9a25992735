/** A command loads what it uses: those that ask the stores alone wait for no client of PostgreSQL, and none loads what another one uses. */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "../../src");

/** What is loaded with these files, ours by their paths and libraries by their names; not what they load when it is asked for. */
function loadedWith(files: readonly string[]): ReadonlySet<string> {
  const seen = new Set<string>();
  const toLookAt = [...files];
  for (let file = toLookAt.pop(); file !== undefined; file = toLookAt.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    if (!file.endsWith(".ts")) continue;
    const text = readFileSync(join(root, file), "utf8");
    for (const [, kind, from = ""] of text.matchAll(/^(?:import|export) (type )?[^;]*?from "([^"]+)";$/gm)) {
      if (kind !== undefined) continue;
      toLookAt.push(from.startsWith(".") ? relative(root, resolve(root, dirname(file), from)) : from);
    }
  }
  return seen;
}

describe("a command", () => {
  it.each(["start", "cli/list", "cli/show", "cli/retention-explain", "cli/hold-list"])(
    "%s loads neither the client of PostgreSQL nor what runs programs",
    (name) => {
      const loaded = loadedWith([`${name}.ts`]);
      expect(loaded.size).toBeGreaterThan(10);
      expect([...loaded].filter((one) => one.startsWith("postgres/session/connect"))).toEqual([]);
      expect([...loaded]).not.toContain("pg");
      expect([...loaded]).not.toContain("execa");
    },
  );

  it("that backs up loads both, so that this test cannot pass on nothing", () => {
    const loaded = [...loadedWith(["cli/backup.ts"])];
    expect(loaded).toContain("pg");
    expect(loaded).toContain("execa");
    expect(loaded.filter((file) => file.endsWith(".ts") && !existsSync(join(root, file)))).toEqual([]);
  });

  it("is loaded by itself: what begins every command loads none", () => {
    const commands = [...loadedWith(["start.ts"])].filter((file) =>
      /^cli\/(?:backup|restore|verify|daemon|challenge)/.test(file),
    );
    expect(commands).toEqual([]);
  });
});
