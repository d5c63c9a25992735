import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Failure, isFailure, reasonOf } from "../base/failure.ts";
import { checkReferences } from "./check-references.ts";
import type { Config } from "./config.ts";
import { fileSchema } from "./file-schema.ts";
import { observerFileSchema, withNamedSources } from "./observer-file.ts";
import { parsing, Problems } from "./problems.ts";
import { readPlans } from "./read-plans.ts";
import { readYaml } from "./read-yaml.ts";
import { resolveConfig } from "./resolve-config.ts";
import type { Environment } from "./secret.ts";

interface LoadOptions {
  /** For a host that only looks at stores: recipients and sources may be left out. Default: false. */
  readonly observer?: boolean;
}

/**
 * Reads `holdfast.yaml` and its plans. `path` is absolute; relative paths in the file are relative
 * to its folder. Secrets are not read here, so a host needs only those it uses.
 * Absent: "config/missing". Anything wrong: one "config/invalid" whose message lists every problem
 * as `path: what is wrong`, a line each.
 */
export async function loadConfig(
  path: string,
  env: Environment,
  { observer = false }: LoadOptions = {},
): Promise<Config> {
  const problems = new Problems();
  const raw = readYaml(await readText(path), path, problems);
  if (raw === undefined || raw === null) {
    if (raw === null) problems.add(path, "is empty");
    problems.throwIfAny(path);
  }
  const folder = dirname(path);
  const plans = await readPlans(resolve(folder, plansFolder(raw)), problems);
  const file = (observer ? observerFileSchema : fileSchema).safeParse(raw, parsing);
  if (!file.success) problems.addIssues(file.error, "");
  checkReferences(raw, { plans, folder, sourcesNeeded: !observer }, problems);
  problems.throwIfAny(path);
  if (!file.success) throw new Failure("internal/bug", "a configuration was refused without a reason");
  const whole = observer ? withNamedSources(file.data) : file.data;
  return resolveConfig({ file: whole, path, plans: plans.good, env });
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (isFailure(cause)) throw cause;
    const absent = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (absent) throw new Failure("config/missing", `there is no ${path}`, { cause });
    throw new Failure("config/missing", `${path} cannot be read: ${reasonOf(cause)}`, {
      cause,
      hint: "may this user read it?",
    });
  }
}

/** Asked before the whole file is known to be good, so that problems of the plans are listed with the others. */
function plansFolder(raw: unknown): string {
  const plans: unknown = typeof raw === "object" && raw !== null && "plans" in raw ? raw.plans : undefined;
  return typeof plans === "string" && plans !== "" ? plans : "./plans";
}
