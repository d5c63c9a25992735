import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { reasonOf } from "../base/failure.ts";
import { type PlanName, planName } from "../model/ids.ts";
import { plan, type Plan } from "../model/plan.ts";
import { parsing, type Problems } from "./problems.ts";
import { readYaml } from "./read-yaml.ts";

export interface Plans {
  readonly good: ReadonlyMap<PlanName, Plan>;
  /** Every plan there is a file for, good or not. */
  readonly named: ReadonlySet<string>;
}

/** Every `*.yaml` of the folder; the file's name is the plan's. What is wrong goes to `problems`. */
export async function readPlans(folder: string, problems: Problems): Promise<Plans> {
  const good = new Map<PlanName, Plan>();
  const named = new Set<string>();
  for (const file of await plansIn(folder, problems)) {
    const stem = basename(file, ".yaml");
    named.add(stem);
    const label = `plans/${file}`;
    const name = planName.safeParse(stem);
    if (!name.success) {
      problems.add(label, `the name of a plan ${name.error.issues[0]?.message ?? ""}`);
      continue;
    }
    const raw = readYaml(await readFile(join(folder, file), "utf8"), label, problems);
    if (raw === undefined) continue;
    const parsed = plan.safeParse(raw, parsing);
    if (parsed.success) good.set(name.data, parsed.data);
    else problems.addIssues(parsed.error, `${label}: `);
  }
  return { good, named };
}

async function plansIn(folder: string, problems: Problems): Promise<string[]> {
  try {
    const files = await readdir(folder);
    return files.filter((file) => file.endsWith(".yaml")).sort();
  } catch (error) {
    problems.add("plans", `the folder cannot be read (${reasonOf(error)})`);
    return [];
  }
}
