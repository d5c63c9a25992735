/**
 * Whether a column `a` of a table `r` may be null though it may not in a table that `r` inherits from: until 18 a child's
 * NOT NULL could be dropped. No dump can say so, since whoever inherits is given it anew. From 18 on only what was told
 * to be nobody's to inherit is not inherited, and a dump says it.
 */
export function notNullAbove(versionNum: number): string {
  return versionNum >= 180_000 ? "false" : nullableBelow;
}

const nullableBelow = `
  (a.attinhcount > 0 and not a.attnotnull and not r.relispartition and exists (
    with recursive above(oid) as (
      select h.inhparent from pg_catalog.pg_inherits h where h.inhrelid = r.oid
      union select h.inhparent from pg_catalog.pg_inherits h join above on h.inhrelid = above.oid)
    select from above join pg_catalog.pg_attribute p on p.attrelid = above.oid
     where p.attname = a.attname and p.attnum > 0 and p.attnotnull))`;
