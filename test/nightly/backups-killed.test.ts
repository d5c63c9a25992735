/** The long run of test/faults/backups-killed.test.ts: two hundred backups killed at random moments. */
import { it } from "vitest";
import { killRepeatedly } from "../support/kill-repeatedly.ts";

it("leaves nothing that counts and is not whole, two hundred times", async () => {
  await killRepeatedly(200);
});
