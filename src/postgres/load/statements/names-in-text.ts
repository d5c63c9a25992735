import { quoteName } from "../../session/quote.ts";

/**
 * Names as pg_dump and the server write them into statements: plain where they can be, quoted otherwise. Source of a
 * pattern without groups of its own.
 */
export const identifier = String.raw`(?:[a-z_][a-z0-9_]*|"(?:[^"]|"")+")`;
export const qualifiedName = String.raw`${identifier}\.${identifier}`;

/** `schema.name` of such a text, both quoted. */
export function quotedName(text: string): string {
  const [schema = "", name = ""] = text.match(new RegExp(identifier, "g")) ?? [];
  return quoteName({ schema: nameOf(schema), name: nameOf(name) });
}

/** What such an identifier stands for. */
export function nameOf(text: string): string {
  return text.startsWith('"') ? text.slice(1, -1).replaceAll('""', '"') : text;
}
