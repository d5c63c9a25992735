/** SIGKILL at random moments of backups: the stores keep promises 1 and 2, and the next backup succeeds. */
import { expect, it } from "vitest";
import { killRepeatedly } from "../support/kill-repeatedly.ts";

it("leaves nothing that counts and is not whole, eight times", async () => {
  const { killed, broken } = await killRepeatedly(8);
  expect(broken).toEqual([]);
  // A third must have been met alive, or little was tried.
  expect(killed).toBeGreaterThan(2);
});
