/** What verification found of what it was given, as the README shows it, from what `npm run bench:challenge` keeps. */
import { z } from "zod";
import { type Kept, markdown } from "./markdown.ts";

const shape = z.object({
  at: z.string(),
  random: z.number(),
  damages: z.number(),
  found: z.number(),
  missed: z.array(z.string()),
  undamaged: z.number(),
  falseAlarms: z.array(z.string()),
  seed: z.number(),
  results: z.array(
    z.object({ family: z.string(), expected: z.string(), asExpected: z.boolean(), by: z.array(z.string()) }),
  ),
});

const families: Readonly<Record<string, string>> = {
  store: "what lies in a store, or what the store shows of it",
  data: "rows, sequences and large objects, as if dump or load had been wrong",
  schema: "the schema, as if dump or load had been wrong",
  machine: "the machine that verifies, which must come out `inconclusive`",
};

/** Null where nothing was kept yet. */
export function challengeFigures(kept: Kept): string | null {
  const challenge = kept("challenge", shape);
  if (challenge === null) return null;
  const { results, damages, found, missed, undamaged, falseAlarms, random, seed, at } = challenge;
  const rows = Object.entries(families).map(([family, what]) => {
    const of = results.filter((result) => result.family === family);
    const seen = of.filter(({ asExpected }) => asExpected);
    return [what, foundBy(seen), String(of.length), String(seen.length)];
  });
  const none = (names: readonly string[]): string => (names.length === 0 ? "none" : names.join(", "));
  return [
    "### The verifier under test (`holdfast challenge`, kept by `npm run bench:challenge`)",
    "",
    markdown(["damage is done to", "found by, most often", "damages", "found"], rows, 2),
    "",
    `${String(found)} of ${String(damages)} found, missed: ${none(missed)}. ${String(undamaged)} runs with nothing wrong, ${String(random)} of them random tenants from seed ${String(seed)}; falsely accused: ${none(falseAlarms)}. ${at.slice(0, 10)}.`,
  ].join("\n");
}

/** The checks that saw most of it. */
function foundBy(results: readonly { readonly expected: string; readonly by: readonly string[] }[]): string {
  const times = new Map<string, number>();
  for (const { by } of results.filter(({ expected }) => expected !== "inconclusive"))
    for (const name of by) times.set(name, (times.get(name) ?? 0) + 1);
  const often = [...times].toSorted(([, one], [, other]) => other - one).slice(0, 5);
  if (often.length === 0) return "checks that could not run, and say so";
  return often.map(([name, count]) => `${name} ${String(count)}`).join(", ");
}
