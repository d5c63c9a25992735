/** What a round trip to the stores costs, as the README shows it. */
import { z } from "zod";
import { type Kept, machineOf, machineShape, markdown } from "./markdown.ts";

const shape = z.object({
  at: z.string(),
  machine: machineShape,
  scale: z.number(),
  databaseBytes: z.number(),
  figures: z.array(z.object({ step: z.string(), who: z.string(), seconds: z.number() })),
  notes: z.array(z.string()),
});

/** Null where nothing was kept yet. */
export function latencyFigures(kept: Kept): string | null {
  const result = kept("latency", shape);
  if (result === null) return null;
  const { at, machine, scale, databaseBytes, figures, notes } = result;
  const [near] = figures;
  const rows = figures.flatMap((here) => {
    const far = figures.find(({ step, who }) => step === here.step && who !== here.who);
    if (far === undefined || here.who !== near?.who) return [];
    const ratio = (far.seconds / here.seconds).toFixed(2);
    return [[here.step, here.seconds.toFixed(1), far.seconds.toFixed(1), ratio]];
  });
  const what = `Two S3 stores far away (\`npm run bench:latency\`), scale ${String(scale)}, a database of ${(databaseBytes / 1e6).toFixed(0)} MB with its indexes, ${at.slice(0, 10)}, ${machineOf(machine)}:`;
  const whos = [...new Set(figures.map(({ who }) => `${who}, s`))];
  return [
    what,
    "",
    markdown(["step", ...whos, "ratio"], rows, 1),
    "",
    ...notes.map((note) => `- ${note}`),
  ].join("\n");
}
