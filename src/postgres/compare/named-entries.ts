import type { TocEntry } from "../archive/toc.ts";

/**
 * The entries of an archive by schema and tag, each found without a look at the others: a tenant of thousands of tables has
 * as many definitions to look for, and nothing else is done meanwhile. In each answer in the archive's order.
 */
export class NamedEntries {
  readonly #byTag = new Map<string, Map<string, TocEntry[]>>();
  /** By what stands before each blank or bracket of the tag, with that sign. */
  readonly #byBeginning = new Map<string, Map<string, TocEntry[]>>();
  readonly #tables = new Map<number, TocEntry>();

  constructor(entries: readonly TocEntry[]) {
    for (const entry of entries) {
      const { namespace, tag, dumpId } = entry;
      put(this.#byTag, namespace, tag, entry);
      for (const { index } of tag.matchAll(/[ (]/g))
        put(this.#byBeginning, namespace, tag.slice(0, index + 1), entry);
      if (isTable(entry)) this.#tables.set(dumpId, entry);
    }
  }

  tagged(schema: string, tag: string): readonly TocEntry[] {
    return this.#byTag.get(schema)?.get(tag) ?? [];
  }

  /** Those whose tag goes on behind `beginning`, which ends in a blank or an opening bracket. */
  begunWith(schema: string, beginning: string): readonly TocEntry[] {
    return this.#byBeginning.get(schema)?.get(beginning) ?? [];
  }

  /** Every relation that the tables among these inherit from, however far up, with what pg_dump says of it apart. */
  ancestorsOf(own: readonly TocEntry[]): readonly TocEntry[] {
    const found = new Set<TocEntry>();
    const left = own.filter(isTable);
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      for (const parent of next.dependencies.flatMap((id) => this.#tables.get(id) ?? [])) {
        if (found.has(parent)) continue;
        found.add(parent);
        left.push(parent);
      }
    }
    return [...found].flatMap(({ namespace, tag }) => [
      ...this.tagged(namespace, tag),
      ...this.begunWith(namespace, `${tag} `),
    ]);
  }
}

function put(map: Map<string, Map<string, TocEntry[]>>, schema: string, name: string, entry: TocEntry): void {
  const inSchema = map.get(schema) ?? new Map<string, TocEntry[]>();
  map.set(schema, inSchema);
  const there = inSchema.get(name);
  if (there === undefined) inSchema.set(name, [entry]);
  else there.push(entry);
}

function isTable({ desc }: TocEntry): boolean {
  return desc === "TABLE" || desc === "FOREIGN TABLE";
}
