/** `holdfast demo`: the whole story on this machine, with nothing set up beforehand. */
import { disposing } from "../base/disposing.ts";
import { exitCodes, Failure } from "../base/failure.ts";
import { pause } from "../base/waiting.ts";
import { command } from "./frame/command.ts";
import { prepareStage } from "./demo/stage.ts";
import { type Scene, tellStory } from "./demo/story.ts";
import { passableFolder } from "./set-up/passable-folder.ts";
import { count } from "./frame/text.ts";

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
    const stays = keep === true || serve === true;
    const scenes: Scene[] = [];
    const folder = await passableFolder("demo", { uid: context.machine.uid, stays });
    if (stays) out.say(`everything stays in ${folder.path}`);
    await disposing(folder, async ({ path }) => {
      await using stage = await prepareStage(path, context, (line) => out.say(line));
      for await (const scene of tellStory(stage, context, out)) scenes.push(scene);
      if (serve === true) {
        for (const line of stage.howToTry) out.say(line);
        await untilInterrupted(context.wait);
      }
    });
    out.result({ scenes, folder: stays ? folder.path : null }, () => summary(scenes));
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
