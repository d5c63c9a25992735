import type { Failure } from "../../base/failure.ts";
import type { Output } from "./output.ts";

export type TellFailure = (title: string, failure: Failure) => void;

/** For work on several: what failed by its title, and each hint once, since most often what ails one ails many. */
export function failureTeller(out: Output): TellFailure {
  const told = new Set<string>();
  return (title, { message, hint }) => {
    out.say(`error: ${title}: ${message}`);
    if (hint === undefined || told.has(hint)) return;
    told.add(hint);
    out.say(`  hint: ${hint}`);
  };
}
