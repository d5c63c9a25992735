/**
 * Compares two databases without a line of the product: stock psql and pg_dump, queries and digests
 * of its own. What it calls equal was not called so by the code under test.
 */
import { databaseParts, schemaParts, type Part, type Schemas } from "./independent-catalog.ts";
import { dumpedObjects } from "./independent-dump.ts";
import { queryAll, type Place } from "./independent-psql.ts";
import { rowParts } from "./independent-rows.ts";

export interface ComparisonOptions {
  /** Only these schemas, and nothing of the database as a whole: a tenant that is some schemas. */
  readonly schemas?: readonly string[];
  /** Schemas where somebody writes meanwhile. */
  readonly ignoredSchemas?: readonly string[];
  /** What the test expects to differ; differences that start so are left out. */
  readonly exceptStarting?: readonly string[];
}

/** Every difference in words, `first` and `second` being the databases in the order given; empty when they are equal. */
export async function differences(
  first: Place,
  second: Place,
  options: ComparisonOptions = {},
): Promise<string[]> {
  const schemas: Schemas = { wanted: options.schemas ?? null, ignored: options.ignoredSchemas ?? [] };
  const [here, there] = [dumpedObjects(first, schemas), dumpedObjects(second, schemas)];
  const [[server = {}] = []] = await queryAll(first, [
    "select current_setting('server_version_num')::int as release",
  ]);
  const found = (
    await Promise.all([
      compareParts(first, second, catalogParts(schemas, Number(server["release"]))),
      compareRows(first, second, schemas),
      Promise.all([here, there]).then((dumped) => compareObjects(...dumped)),
    ])
  ).flat();
  const except = options.exceptStarting ?? [];
  return found.filter((difference) => !except.some((start) => difference.startsWith(start)));
}

function catalogParts(schemas: Schemas, versionNum: number): readonly Part[] {
  const inSchemas = schemaParts(schemas, versionNum);
  return schemas.wanted === null ? [...databaseParts, ...inSchemas] : inSchemas;
}

async function compareParts(first: Place, second: Place, parts: readonly Part[]): Promise<string[]> {
  const queries = parts.map((part) => part.query);
  const [here, there] = await Promise.all([queryAll(first, queries), queryAll(second, queries)]);
  return parts.flatMap((part, index) =>
    compareLists(part.title, (here[index] ?? []).map(oneLine), (there[index] ?? []).map(oneLine)),
  );
}

/** The tables of either side are read on both: one that is missing has been told of by the catalogs. */
async function compareRows(first: Place, second: Place, schemas: Schemas): Promise<string[]> {
  const [here, there] = await Promise.all([rowParts(first, schemas), rowParts(second, schemas)]);
  const titles = new Set(there.map((part) => part.title));
  const common = here.filter((part) => titles.has(part.title));
  const byTitle = new Map(there.map((part) => [part.title, part.query]));
  const alike = common.filter((part) => byTitle.get(part.title) === part.query);
  const unlike = common
    .filter((part) => byTitle.get(part.title) !== part.query)
    .map((part) => `${part.title}: cannot be read in the same way on both sides`);
  return [
    ...unlike,
    ...(await compareParts(first, second, alike)),
    ...compareLists(
      "rows of",
      here.map((part) => part.title),
      [...titles],
    ),
  ];
}

function compareObjects(
  first: ReadonlyMap<string, readonly string[]>,
  second: ReadonlyMap<string, readonly string[]>,
): string[] {
  const headings = [...new Set([...first.keys(), ...second.keys()])];
  return headings.flatMap((heading) => {
    const here = first.get(heading);
    const there = second.get(heading);
    if (here === undefined) return [`dump: only in the second: ${heading}`];
    if (there === undefined) return [`dump: only in the first: ${heading}`];
    return compareLists(`dump: ${heading}`, here, there);
  });
}

/** Both as multisets. */
function compareLists(title: string, first: readonly string[], second: readonly string[]): string[] {
  return [
    ...without(first, second).map((line) => `${title}: only in the first: ${line}`),
    ...without(second, first).map((line) => `${title}: only in the second: ${line}`),
  ];
}

function without(lines: readonly string[], others: readonly string[]): string[] {
  const left = new Map<string, number>();
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1);
  return lines.filter((line) => {
    const count = left.get(line) ?? 0;
    left.set(line, count - 1);
    return count <= 0;
  });
}

function oneLine(row: Readonly<Record<string, unknown>>): string {
  return JSON.stringify(row);
}
