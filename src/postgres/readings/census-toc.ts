import type { CensusEntry } from "./census.ts";

/** What this file reads of an entry of an archive's table of contents. */
interface ArchiveEntry {
  readonly desc: string;
  readonly tag: string;
  readonly catalogId: { readonly tableOid: number; readonly oid: number };
}

/**
 * The census entries that an archive dumped from the same snapshot should have an entry of its own for
 * but has not (trap 9). Matched by catalog and oid, which pg_dump writes beside each entry, so that no
 * spelling of names is involved; user mappings carry no oid and are matched by their tag.
 */
export function censusAgainstToc(
  census: readonly CensusEntry[],
  toc: readonly ArchiveEntry[],
): CensusEntry[] {
  const dumped = new Set(toc.map(({ catalogId }) => keyOf(catalogId.tableOid, catalogId.oid)));
  const mappings = new Set(toc.filter(({ desc }) => desc === "USER MAPPING").map(({ tag }) => tag));
  return census.filter((entry) => {
    if (!entry.archived) return false;
    if (entry.kind === "user mapping") return !mappings.has(`USER MAPPING ${entry.identity}`);
    return !dumped.has(keyOf(entry.catalogOid, entry.oid));
  });
}

function keyOf(catalog: number, oid: number): string {
  return `${String(catalog)} ${String(oid)}`;
}
