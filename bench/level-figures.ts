/** A first backup by the level of zstd, as the README shows it. */
import { z } from "zod";
import { type Kept, markdown } from "./markdown.ts";

const shape = z.object({
  at: z.string(),
  scale: z.number(),
  figures: z.array(
    z.object({
      step: z.string(),
      who: z.string(),
      seconds: z.number(),
      cpuSeconds: z.number(),
      writtenBytes: z.number(),
    }),
  ),
});

/** Null where nothing was kept yet. */
export function levelFigures(kept: Kept): string | null {
  const result = kept("levels", shape);
  if (result === null) return null;
  const { at, scale, figures } = result;
  const rows = [...Map.groupBy(figures, ({ step }) => step)].flatMap(([step, sides]) => {
    const us = sides.find(({ who }) => who === "holdfast");
    const peer = sides.find(({ who }) => who !== "holdfast");
    if (us === undefined || peer === undefined) return [];
    const each = [peer, us].flatMap(({ seconds, writtenBytes }) => [
      seconds.toFixed(1),
      (writtenBytes / 2e6).toFixed(0),
    ]);
    return [[step, ...each, (us.seconds / peer.seconds).toFixed(2)]];
  });
  const what = `A first backup beside \`pg_dump | zstd | age\` by the level of zstd (\`npm run bench:levels\`), scale ${String(scale)}, ${at.slice(0, 10)}:`;
  const head = ["zstd", "pipeline s", "MB a copy", "holdfast s", "MB a copy", "ratio"];
  return [what, "", markdown(head, rows, 1)].join("\n");
}
