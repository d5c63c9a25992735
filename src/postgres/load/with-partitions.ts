import { Failure } from "../../base/failure.ts";
import { nearest } from "../../base/nearest.ts";
import type { Waiting } from "../../base/waiting.ts";
import type { Fingerprint } from "../../model/fingerprint.ts";
import type { Image } from "../image.ts";
import { quoteIdent } from "../session/quote.ts";
import type { TocEntry } from "../archive/toc.ts";
import { readSchemaArchive } from "./schema-archive.ts";

interface TableName {
  readonly schema: string;
  readonly name: string;
}

/**
 * The tables asked for, each with its partitions of every level, since the rows of a partitioned table lie
 * in them alone. "usage/invalid" when the backup has no table of that name: nothing would be restored of it.
 */
export async function withPartitions(
  image: Image,
  tables: readonly TableName[],
  wait: Waiting,
): Promise<readonly TableName[]> {
  const { entries } = await readSchemaArchive(image, wait);
  const inArchive = new Map(entries.filter(({ desc }) => desc === "TABLE").map((one) => [one.dumpId, one]));
  const isAsked = (entry: TocEntry, { schema, name }: TableName): boolean =>
    entry.namespace === schema && entry.tag === name;
  for (const table of tables) {
    if (inArchive.values().some((entry) => isAsked(entry, table))) continue;
    throw unknown(table, entries);
  }
  const wanted = [...tables, ...rootsOf(image.fingerprint, tables)];
  const chosen = new Set(inArchive.values().filter((entry) => wanted.some((table) => isAsked(entry, table))));
  const attachments = entries.filter(({ desc }) => desc === "TABLE ATTACH");
  // A set hands out what is added while it is walked: partitions have partitions of their own.
  for (const parent of chosen) {
    for (const { namespace, tag, dependencies } of attachments) {
      if (!dependencies.includes(parent.dumpId)) continue;
      const linked = dependencies.map((id) => inArchive.get(id)).filter((one) => one !== undefined);
      const partition = linked.find((one) => one.namespace === namespace && one.tag === tag);
      if (partition !== undefined) chosen.add(partition);
    }
  }
  return Array.from(chosen, ({ namespace, tag }) => ({ schema: namespace, name: tag }));
}

/** Where rows can only go in through the root of partitions, one partition is not to be had without the others. */
function rootsOf({ tables }: Fingerprint, asked: readonly TableName[]): TableName[] {
  return tables.flatMap(({ schema, name, load }) =>
    load.kind === "through-root" && asked.some((one) => one.schema === schema && one.name === name)
      ? [load.root]
      : [],
  );
}

const hintsMax = 5;

function unknown({ schema, name }: TableName, entries: readonly TocEntry[]): Failure {
  const full = `${schema}.${name}`;
  const other = entries.find(
    ({ desc, namespace, tag }) => namespace === schema && tag === name && /VIEW|TABLE/.test(desc),
  );
  if (other !== undefined)
    return new Failure("usage/invalid", `${full} is a ${other.desc.toLowerCase()}; --table takes tables`);
  const near = entries
    .filter(({ desc }) => desc === "TABLE")
    .filter(({ namespace, tag }) => nearest(name, [tag]).length > 0 && (namespace === schema || tag === name))
    .slice(0, hintsMax)
    .map(({ namespace, tag }) => `${part(namespace)}.${part(tag)}`);
  return new Failure("usage/invalid", `the backup holds no table ${full}`, {
    hint:
      near.length > 0
        ? `did you mean ${near.join(" or ")}?`
        : "`holdfast show` lists the tables of a backup; names are as in SQL, capitals and dots in quotes",
  });
}

/** As `--table` takes it. */
function part(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdent(name);
}
