/** Every damage there is, once, and fifty random tenants with nothing wrong: nothing is missed and nobody accused. */
import { expect, it } from "vitest";
import { z } from "zod";
import { holdfastCli } from "../support/transcript.ts";

const report = z.object({
  damages: z.number(),
  found: z.number(),
  missed: z.array(z.string()),
  falseAlarms: z.array(z.string()),
});

it("finds all of them, and exits 0", async () => {
  const ran = await holdfastCli(["challenge", "--random", "50", "--json"]);
  const { damages, found, missed, falseAlarms } = report.parse(JSON.parse(ran.stdout));
  expect({ missed, falseAlarms, exit: ran.exit }).toEqual({ missed: [], falseAlarms: [], exit: 0 });
  expect(found).toBe(damages);
});
