/**
 * The long run of test/faults/backups-killed.test.ts: two hundred backups killed at random moments, or as many as
 * HOLDFAST_KILLS says.
 */
import { expect, it } from "vitest";
import { killRepeatedly } from "../support/kill-repeatedly.ts";

const times = Number(process.env["HOLDFAST_KILLS"] ?? 200);

it("leaves nothing that counts and is not whole, however often", async () => {
  expect(await killRepeatedly(times)).toEqual([]);
});
