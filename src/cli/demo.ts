/** `holdfast demo`: the whole story on this machine, with nothing set up beforehand. */
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exitCodes, Failure } from "../base/failure.ts";
import { pause } from "../base/waiting.ts";
import { command } from "./command.ts";
import { prepareStage } from "./demo/stage.ts";
import { type Scene, tellStory } from "./demo/story.ts";
import { reachableByAll } from "./reachable-by-all.ts";
import { count } from "./text.ts";

export const demo = command({
  name: "demo",
  describe: "watch tenants being backed up, proven, damaged, refuted and brought back, on this machine",
  examples: [
    ["demo", "in a temporary folder, with a private PostgreSQL and two directory stores; leaves nothing"],
    ["demo --keep", "leaves configuration, keys and stores to look at"],
    ["demo --serve", "keeps the private PostgreSQL running until you press Ctrl-C, to try commands by hand"],
  ],
  options: (yargs) =>
    yargs
      .option("keep", { type: "boolean", describe: "leave the folder behind" })
      .option("serve", { type: "boolean", describe: "keep the demo's PostgreSQL running until Ctrl-C" }),
  run: async ({ keep, serve }, context, out) => {
    if (context.machine.uid === 0 && !(await reachableByAll(tmpdir()))) {
      throw new Failure("scratch/start", `the users of the demo's servers cannot pass through ${tmpdir()}`, {
        hint: "set TMPDIR to a folder that everybody may pass through",
      });
    }
    const folder = await mkdtemp(join(tmpdir(), "holdfast-demo-"));
    // The users of the servers pass through; what is inside is theirs or ours alone.
    await chmod(folder, 0o711);
    const stays = keep === true || serve === true;
    const scenes: Scene[] = [];
    try {
      await using stage = await prepareStage(folder, context, (line) => out.say(line));
      for await (const scene of tellStory(stage, context, out)) scenes.push(scene);
      if (serve === true) {
        for (const line of stage.howToTry) out.say(line);
        await untilInterrupted(context.wait);
      }
    } finally {
      if (!stays) await rm(folder, { recursive: true, force: true });
    }
    if (stays) out.say(`left in ${folder}`);
    out.result({ scenes, folder: stays ? folder : null }, () => summary(scenes));
    return scenes.every(({ asExpected }) => asExpected) ? exitCodes.done : exitCodes.failed;
  },
});

const longestWaitMs = 2 ** 31 - 1;

/** Ctrl-C is how one leaves a demo that serves, and no failure. */
async function untilInterrupted(wait: Parameters<typeof pause>[1]): Promise<void> {
  try {
    for (;;) await pause(longestWaitMs, wait);
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "wait/cancelled") throw error;
  }
}

/** Everything was told as it happened; what remains is how it ended. */
function summary(scenes: readonly Scene[]): string {
  const strange = scenes.filter(({ asExpected }) => !asExpected);
  const seconds = scenes.reduce((total, scene) => total + scene.seconds, 0);
  const told = `${count(scenes.length, "scene")} in ${seconds.toFixed(0)} s`;
  return strange.length === 0
    ? `${told}, all as expected`
    : `${told}; not as expected: ${strange.map(({ title }) => title).join("; ")}`;
}
