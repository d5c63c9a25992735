import { defineConfig } from "vitest/config";

/** One project per question a test answers; `npm test` runs them all. */
const project = (name: string, limits: { testTimeoutMs: number; hookTimeoutMs: number }) => ({
  extends: true as const,
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    testTimeout: limits.testTimeoutMs,
    hookTimeout: limits.hookTimeoutMs,
  },
});

export default defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      project("unit", { testTimeoutMs: 30_000, hookTimeoutMs: 30_000 }),
      project("contract", { testTimeoutMs: 60_000, hookTimeoutMs: 300_000 }),
      project("integration", { testTimeoutMs: 240_000, hookTimeoutMs: 120_000 }),
      project("faults", { testTimeoutMs: 240_000, hookTimeoutMs: 120_000 }),
      project("cli", { testTimeoutMs: 240_000, hookTimeoutMs: 120_000 }),
    ],
  },
});
