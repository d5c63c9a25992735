import { Failure } from "../../base/failure.ts";
import type { Waiting } from "../../base/waiting.ts";
import type { Image } from "../image.ts";
import type { TocEntry } from "../toc.ts";
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
    throw new Failure("usage/invalid", `the backup holds no table ${table.schema}.${table.name}`, {
      hint: "`holdfast show` lists the tables of a backup; names are as in SQL, capitals and dots in quotes",
    });
  }
  const chosen = new Set(inArchive.values().filter((entry) => tables.some((table) => isAsked(entry, table))));
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
