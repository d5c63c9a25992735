/** SIGKILL at random moments of backups: the stores keep promises 1 and 2, and the next backup succeeds. */
import { it } from "vitest";
import { killRepeatedly } from "../support/kill-repeatedly.ts";

it("leaves nothing that counts and is not whole, eight times", async () => {
  await killRepeatedly(8);
});
