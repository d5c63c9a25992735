/** How old the index of an idle tenant may become. */
import { expect, it } from "vitest";
import { staleAfterMs } from "../../src/daemon/stale-after.ts";

it("is ten minutes for a small fleet, grows with the fleet, and never passes six hours", () => {
  const minutes = [1, 120, 720, 10_000].map((tenants) => staleAfterMs(tenants) / 60_000);
  expect(minutes).toEqual([10, 10, 60, 360]);
});
