import type { TocEntry } from "../../archive/toc.ts";
import { quoteIdent, quoteLiteral } from "../../session/quote.ts";
import type { Session } from "../../session/session.ts";
import type { KeyPart } from "./keys-of-partitions.ts";
import { identifier, nameOf, quotedName } from "../statements/names-in-text.ts";
import { refusalOf, type Refusal } from "../report.ts";

/** As `runEntry`; what is refused leaves nothing behind. */
export async function runKeyPart(
  loader: Session,
  entry: TocEntry,
  part: KeyPart,
  preamble: string,
): Promise<Refusal | null> {
  try {
    if (part.kind === "root") {
      await loader.query("begin");
      await loader.query(preamble + part.text);
      await nameParts(loader, part.index, part.names);
      if (part.rest !== "") await loader.query(part.rest);
      await loader.query("commit");
      return null;
    }
    const isThere = await isAttached(loader, part.index, part.above);
    const text = !isThere ? entry.defn : part.kind === "part" ? part.rest : "";
    if (text !== "") await loader.query(preamble + text);
    return null;
  } catch (error) {
    const refusal = refusalOf(error);
    if (part.kind === "root") await loader.query("rollback");
    return refusal;
  }
}

/** By way of names that nobody has, since one may have been given the name of another. */
async function nameParts(loader: Session, root: string, names: ReadonlyMap<string, string>): Promise<void> {
  const made = await loader.query<{ schema: string; name: string; table: string }>(
    `select n.nspname::text as schema, c.relname::text as name, pg_catalog.format('%I.%I', tn.nspname, t.relname) as table
       from pg_catalog.pg_partition_tree(pg_catalog.to_regclass(${quoteLiteral(root)})) p
       join pg_catalog.pg_class c on c.oid = p.relid join pg_catalog.pg_namespace n on n.oid = c.relnamespace
       join pg_catalog.pg_index i on i.indexrelid = c.oid
       join pg_catalog.pg_class t on t.oid = i.indrelid join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
      where p.level > 0`,
  );
  const renamed = made.map(({ schema, name, table }, place) => ({
    schema,
    name,
    between: `holdfast ${String(place)}`,
    wanted: wantedName(names, table),
  }));
  const rename = (schema: string, from: string, to: string): string =>
    `alter index ${quoteIdent(schema)}.${quoteIdent(from)} rename to ${quoteIdent(to)}`;
  const statements = [
    ...renamed.map(({ schema, name, between }) => rename(schema, name, between)),
    ...renamed.map(({ schema, name, between, wanted }) => rename(schema, between, wanted ?? name)),
  ];
  if (statements.length > 0) await loader.query(statements.join(";\n"));
}

function wantedName(names: ReadonlyMap<string, string>, table: string): string | undefined {
  const index = names.get(quotedName(table));
  const [, name] = index?.match(new RegExp(identifier, "g")) ?? [];
  return name === undefined ? undefined : nameOf(name);
}

async function isAttached(loader: Session, index: string, above: string): Promise<boolean> {
  const found = await loader.query(
    `select 1 from pg_catalog.pg_inherits
      where inhrelid = pg_catalog.to_regclass(${quoteLiteral(index)}) and inhparent = pg_catalog.to_regclass(${quoteLiteral(above)})`,
  );
  return found.length > 0;
}
