import { z } from "zod";
import { checkNames } from "../../src/model/check.ts";

const names = z.array(z.string());
const outcomes = [
  "proven",
  "refuted",
  "inconclusive",
  "not-believed",
  "missing",
  "damaged",
  "unproven",
] as const;
const witnesses = z.array(z.enum([...checkNames, "list"]));

/** The JSON of `holdfast challenge`, as `docs/cli-json.md` tells it. */
export const challengeJson = z.strictObject({
  damages: z.number(),
  found: z.number(),
  missed: names,
  byAccident: names,
  undamaged: z.number(),
  falseAlarms: names,
  leftOut: names,
  seconds: z.number(),
  seed: z.number(),
  folder: z.string().nullable(),
  results: z.array(
    z.strictObject({
      name: z.string(),
      family: z.enum(["store", "data", "schema", "machine", "undamaged"]),
      title: z.string(),
      expected: z.enum(outcomes),
      outcome: z.enum(outcomes).nullable(),
      asExpected: z.boolean(),
      seenBy: witnesses,
      by: witnesses,
      byAccident: z.boolean(),
      detail: z.string(),
      seconds: z.number(),
    }),
  ),
});
