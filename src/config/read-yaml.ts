import { parseDocument } from "yaml";
import type { Problems } from "./problems.ts";

const aliasesMax = 100;

/**
 * The value of a YAML text; syntax errors and duplicate keys are added to `problems` under `name`
 * with line and column. Returns undefined when there was any.
 */
export function readYaml(text: string, name: string, problems: Problems): unknown {
  const document = parseDocument(text, { uniqueKeys: true, prettyErrors: true, version: "1.2" });
  for (const error of [...document.errors, ...document.warnings]) {
    problems.add(name, firstLine(error.message));
  }
  if (document.errors.length > 0) return undefined;
  try {
    return document.toJS({ maxAliasCount: aliasesMax });
  } catch (error) {
    problems.add(name, error instanceof Error ? firstLine(error.message) : String(error));
    return undefined;
  }
}

/** The library's messages end in a picture of the line. */
function firstLine(message: string): string {
  return (message.split("\n")[0] ?? "").replace(/:$/, "");
}
