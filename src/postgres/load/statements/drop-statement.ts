/** Words of `pg_identify_object` that DROP has others for. */
const words: Readonly<Record<string, string>> = {
  "composite type": "type",
  "foreign-data wrapper": "foreign data wrapper",
  "statistics object": "statistics",
  "toast table": "table",
};

/** `DROP … CASCADE` of an object as `pg_identify_object` names it; runs no code of a tenant's where no event trigger is. */
export function dropStatement({
  type,
  identity,
}: {
  readonly type: string;
  readonly identity: string;
}): string {
  if (type === "large object") return `select pg_catalog.lo_unlink(${identity})`;
  return `drop ${words[type] ?? type} ${identity} cascade`;
}
