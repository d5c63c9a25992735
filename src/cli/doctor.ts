/** `holdfast doctor`: examines host, configuration, keys, scratch, stores and sources before the first backup. */
import { exitCodes, isFailure } from "../base/failure.ts";
import type { Config } from "../config/config.ts";
import { command } from "./frame/command.ts";
import type { Context } from "./frame/context.ts";
import type { Examination } from "./doctor/examination.ts";
import { examineHost } from "./doctor/host.ts";
import { examineKeys } from "./doctor/keys.ts";
import { examineScratch } from "./doctor/scratch.ts";
import { examineSources } from "./doctor/sources.ts";
import { examineStores } from "./doctor/stores.ts";
import type { Output } from "./frame/output.ts";
import { count, table } from "./frame/text.ts";

export const doctor = command({
  name: "doctor",
  describe: "examine this host, its keys, scratch, the stores and the sources before the first backup",
  examples: [
    ["doctor", "all of it; `failed` keeps something from working, `warned` says what is given up"],
    ["doctor --json", "the same for a script; exit 1 when anything failed"],
  ],
  options: (yargs) => yargs,
  run: async (_args, context, out) => {
    const examinations = await examineAll(context, out);
    const healthy = examinations.every(({ outcome }) => outcome !== "failed");
    out.result(
      { healthy, examinations: examinations.map((one) => ({ ...one, hint: one.hint ?? null })) },
      () => text(examinations),
    );
    return healthy ? exitCodes.done : exitCodes.failed;
  },
});

/** Without a configuration there is still a host to look at. */
async function examineAll(context: Context, out: Output): Promise<Examination[]> {
  const { machine, wait } = context;
  const config = await configOrFailure(context);
  if ("area" in config) return [...(await examineHost(machine, [], wait)), config];
  await using desk = await context.openDesk(config);
  out.say("examining host and keys");
  const host = await examineHost(machine, desk.binFolders, wait);
  const keys = await examineKeys(config);
  out.say("starting scratch");
  const scratch = await examineScratch(desk, wait);
  out.say("asking stores and sources");
  const stores = await examineStores(desk, wait);
  const sources = await examineSources(desk, scratch.offers, wait);
  const good: Examination = {
    area: "configuration",
    subject: "file",
    outcome: "passed",
    detail: `${config.path} is good`,
  };
  return [...host, good, ...keys, ...scratch.examinations, ...stores, ...sources];
}

async function configOrFailure(context: Context): Promise<Config | Examination> {
  try {
    return await context.config();
  } catch (error) {
    if (!isFailure(error)) throw error;
    return {
      area: "configuration",
      subject: "file",
      outcome: "failed",
      detail: error.message,
      hint: error.hint,
    };
  }
}

function text(examinations: readonly Examination[]): string {
  const rows = examinations.map(({ area, subject, outcome, detail, hint }) => [
    outcome,
    area,
    subject,
    hint === undefined ? detail : `${detail}\n  hint: ${hint}`,
  ]);
  const failed = examinations.filter(({ outcome }) => outcome === "failed").length;
  const warned = examinations.filter(({ outcome }) => outcome === "warned").length;
  const counts = `${count(examinations.length, "thing")} examined: ${String(failed)} failed, ${String(warned)} warned`;
  return `${table(["outcome", "area", "subject", "detail"], rows)}\n\n${counts}`;
}
