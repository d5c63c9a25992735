import { Failure } from "../../base/failure.ts";

/**
 * Refuses `--plan-only=yes` with "usage/invalid": the parser takes every value but `true` of an option that has none for
 * no, so that what was only to be told would be done. `parsed`: what the parser made of `args`, by names in camel case.
 */
export function refuseValuesOfFlags(
  args: readonly string[],
  parsed: Readonly<Record<string, unknown>>,
): void {
  for (const arg of args) {
    const [, name = "", value = ""] = /^--([^=]+)=(.*)$/s.exec(arg) ?? [];
    const isFlag = typeof parsed[inCamelCase(name)] === "boolean";
    if (isFlag && value !== "true" && value !== "false")
      throw new Failure("usage/invalid", `--${name} takes no value${value === "" ? "" : `, not ${value}`}`);
  }
}

function inCamelCase(name: string): string {
  return name.replaceAll(/-+(\w)/g, (_, letter: string) => letter.toUpperCase());
}
