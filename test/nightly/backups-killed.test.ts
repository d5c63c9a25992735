/** The long run of test/faults/backups-killed.test.ts: two hundred backups killed at random moments. */
import { expect, it } from "vitest";
import { killRepeatedly } from "../support/kill-repeatedly.ts";

it("leaves nothing that counts and is not whole, two hundred times", async () => {
  const { killed, broken } = await killRepeatedly(200);
  expect(broken).toEqual([]);
  // A third must have been met alive, or little was tried.
  expect(killed).toBeGreaterThan(66);
});
