/** Of a type, relation, schema or other object that is not there: it was refused or withheld before, and is told by its own name. */
export const goneStates: ReadonlySet<string | undefined> = new Set(["42704", "42P01", "3F000"]);
