/** A server that runs as another user must be able to pass through every folder above its own. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { reachableByAll } from "../../src/cli/set-up/reachable-by-all.ts";

it("is told of a folder by itself and all above it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-reachable-"));
  const inner = join(folder, "inner");
  mkdirSync(inner);
  chmodSync(folder, 0o711);
  chmodSync(inner, 0o711);
  expect(await reachableByAll(inner)).toBe(await reachableByAll(tmpdir()));
  chmodSync(folder, 0o700);
  expect(await reachableByAll(inner)).toBe(false);
  rmSync(folder, { recursive: true });
});
