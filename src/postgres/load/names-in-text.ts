/**
 * Names as pg_dump and the server write them into statements: plain where they can be, quoted otherwise. Source of a
 * pattern without groups of its own.
 */
export const identifier = String.raw`(?:[a-z_][a-z0-9_]*|"(?:[^"]|"")+")`;
export const qualifiedName = String.raw`${identifier}\.${identifier}`;
