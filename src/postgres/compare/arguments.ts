/** What stands between the brackets behind the name of the function or procedure that a statement makes; null where it makes none. */
export function argumentsOf(statement: string): string | null {
  const head = /^CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE) (?:"(?:[^"]|"")*"(?!")|[^"(])*\(/.exec(
    statement,
  )?.[0];
  if (head === undefined) return null;
  for (const { sign, depth, at } of signsOf(statement, head.length))
    if (sign === ")" && depth < 0) return statement.slice(head.length, at);
  return null;
}

/** The arguments as the server has them where it identifies a function: what of them may be left out is not told. */
export function withoutDefaults(list: string): string {
  let kept = "";
  let isDefault = false;
  let from = 0;
  for (const { sign, depth, at } of signsOf(list, 0)) {
    if (depth > 0) continue;
    if (sign === "," && isDefault) [from, isDefault] = [at, false];
    else if (sign === " DEFAULT " && !isDefault) {
      kept += list.slice(from, at);
      isDefault = true;
    }
  }
  return isDefault ? kept : kept + list.slice(from);
}

interface Sign {
  readonly sign: string;
  /** Of the brackets after this sign; below 0 once one closes that was opened before. */
  readonly depth: number;
  readonly at: number;
}

/** Brackets, commas and the word before a default, outside of strings and of quoted names. */
function* signsOf(text: string, start: number): Generator<Sign> {
  const pattern = /'(?:[^']|'')*'|"(?:[^"]|"")*"|[()[\],]| DEFAULT /g;
  pattern.lastIndex = start;
  let depth = 0;
  for (let match = pattern.exec(text); match !== null; match = pattern.exec(text)) {
    const [sign] = match;
    if (sign === "(" || sign === "[") depth += 1;
    else if (sign === ")" || sign === "]") depth -= 1;
    yield { sign, depth, at: match.index };
  }
}
