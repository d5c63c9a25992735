/** SIGKILL at random moments of backups: the stores keep promises 1 and 2, and the next backup succeeds. */
import { expect, it } from "vitest";
import { killRepeatedly } from "../support/kill-repeatedly.ts";

it("leaves nothing that counts and is not whole, six times", async () => {
  expect(await killRepeatedly(6)).toEqual([]);
});
