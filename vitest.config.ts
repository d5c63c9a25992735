import { statfsSync } from "node:fs";
import { resolve } from "node:path";
import { defineConfig } from "vitest/config";

interface Limits {
  readonly testTimeoutMs: number;
  readonly hookTimeoutMs: number;
}

const memoryFiles = "/dev/shm";
/** The `f_type` of tmpfs, of statfs(2). */
const tmpfs = 0x0102_1994;
/** A whole run fills one GiB at most. */
const memoryFilesMin = 6 * 1024 ** 3;

/** Whether files that lie in memory have room for all that `npm test` writes. */
function hasMemoryFiles(): boolean {
  try {
    const { type, bavail, bsize } = statfsSync(memoryFiles);
    return type === tmpfs && bavail * bsize >= memoryFilesMin;
  } catch {
    return false;
  }
}

// Hundreds of servers come and go, of a thousand small files each, which a disk's file system takes
// a third of all their time to make. Also for what runs before the tests, so not in their `env`.
const isNightly = process.env["HOLDFAST_NIGHTLY"] === "1";
if (!isNightly && hasMemoryFiles()) process.env["TMPDIR"] ??= memoryFiles;

/** One project per question a test answers; `npm test` runs them all. */
const project = (name: string, limits: Limits, globalSetup: readonly string[] = []) => ({
  extends: true as const,
  test: {
    name,
    globalSetup: [...globalSetup],
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: limits.testTimeoutMs,
    hookTimeout: limits.hookTimeoutMs,
  },
});

export default defineConfig({
  test: {
    maxWorkers: 2,
    // Tests start the program many hundred times; compiled once it starts in half the time.
    env: { NODE_COMPILE_CACHE: resolve(import.meta.dirname, "node_modules/.cache/holdfast-tests") },
    projects: [
      project("unit", { testTimeoutMs: 30_000, hookTimeoutMs: 30_000 }),
      project("contract", { testTimeoutMs: 60_000, hookTimeoutMs: 300_000 }),
      project("integration", { testTimeoutMs: 400_000, hookTimeoutMs: 120_000 }, [
        "test/support/whole-run.ts",
      ]),
      project("faults", { testTimeoutMs: 240_000, hookTimeoutMs: 120_000 }),
      // Not part of `npm test`: long runs of what the other projects run briefly.
      ...(isNightly
        ? [
            project("nightly", { testTimeoutMs: 3_600_000, hookTimeoutMs: 120_000 }, [
              "test/support/whole-run.ts",
            ]),
          ]
        : []),
      // Only where another release of PostgreSQL is named, as `npm run test:majors` does.
      ...((process.env["HOLDFAST_TEST_POSTGRES"] ?? "") === ""
        ? []
        : [project("majors", { testTimeoutMs: 240_000, hookTimeoutMs: 120_000 })]),
      project("cli", { testTimeoutMs: 240_000, hookTimeoutMs: 120_000 }),
    ],
  },
});
