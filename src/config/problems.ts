import type { z } from "zod";
import { Failure } from "../base/failure.ts";
import { interpreted } from "../base/interpreted.ts";

/** Gathers everything that is wrong with a configuration, so that it is told at once. */
export class Problems {
  readonly #lines: string[] = [];

  /** `path` as people write it: `tenants.acme.plan`. */
  add(path: string, what: string): void {
    const line = `${path === "" ? "configuration" : path}: ${what}`;
    if (!this.#lines.includes(line)) this.#lines.push(line);
  }

  /** Every issue of a schema; `prefix` is put before the path. */
  addIssues(error: z.ZodError, prefix: string): void {
    for (const issue of error.issues) this.#addIssue(issue, prefix);
  }

  get list(): readonly string[] {
    return this.#lines;
  }

  /** Throws "config/invalid" with every line if there is any. */
  throwIfAny(file: string): void {
    if (this.#lines.length === 0) return;
    const many = this.#lines.length === 1 ? "1 problem" : `${String(this.#lines.length)} problems`;
    throw new Failure(
      "config/invalid",
      `${many} in ${file}\n${this.#lines.map((line) => `  ${line}`).join("\n")}`,
      {
        hint: "docs/holdfast.schema.json describes every setting",
      },
    );
  }

  #addIssue(issue: z.core.$ZodIssue, prefix: string): void {
    const path = joinPath(prefix, issue.path);
    if (issue.code === "unrecognized_keys") {
      for (const key of issue.keys) this.add(joinPath(path, [key]), "is not a known setting");
      return;
    }
    if (issue.code === "invalid_key") {
      // A name that serves as a key of the file: its own rule says it better than "invalid key".
      for (const inner of issue.issues) this.add(path, inner.message);
      return;
    }
    this.add(path, issue.message);
  }
}

function joinPath(prefix: string, keys: readonly PropertyKey[]): string {
  return keys.reduce<string>((path, key) => {
    if (typeof key === "number") return `${path}[${String(key)}]`;
    return path === "" || path.endsWith(": ") ? `${path}${String(key)}` : `${path}.${String(key)}`;
  }, prefix);
}

/**
 * Given to `safeParse`: what a schema has no words of its own for is said in ours. Never repeats
 * what was written, which may be a secret in the wrong place.
 */
export const parsing = { ...interpreted, error: inOurWords } as const;

function inOurWords(issue: z.core.$ZodRawIssue): string | undefined {
  if (issue.input === undefined) return "is missing";
  switch (issue.code) {
    case "invalid_type":
      return `must be ${article(issue.expected)}`;
    case "invalid_value":
      return `must be ${issue.values.map(String).join(" or ")}`;
    case "invalid_union":
      return issue.discriminator === undefined ? "has no form that is known" : `must be ${oneOf(issue)}`;
    case "too_big":
      return `must be at most ${String(issue.maximum)}${unitOf(issue.origin)}`;
    case "too_small":
      return `must be at least ${String(issue.minimum)}${unitOf(issue.origin)}`;
    case "invalid_format":
      return issue.format === "datetime"
        ? "must be an instant in UTC such as 2026-11-21T01:30:00Z"
        : undefined;
    case "custom":
    case "invalid_element":
    case "invalid_key":
    case "not_multiple_of":
    case "unrecognized_keys":
      return undefined;
  }
}

function oneOf(issue: z.core.$ZodRawIssue): string {
  const known = "options" in issue && Array.isArray(issue.options) ? issue.options : [];
  return known.length === 0 ? "one that is known" : known.map(String).join(" or ");
}

function unitOf(origin: string): string {
  if (origin === "array") return " long";
  return origin === "string" ? " letters" : "";
}

function article(type: string): string {
  const words: Readonly<Record<string, string>> = {
    string: "a text",
    number: "a number",
    int: "a whole number",
    boolean: "true or false",
    array: "a list",
    object: "a set of settings",
    record: "a set of settings",
    null: "null",
  };
  return words[type] ?? type;
}
