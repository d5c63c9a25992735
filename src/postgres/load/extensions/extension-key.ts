/**
 * Foreign keys of a tenant's that refer to a table of an extension's, such as the reference systems of a map. Such a
 * table is the administrator's, and whoever may refer to it could make a key whose check runs as its owner, with a cast
 * or an operator of the tenant's (`ri_PlanCheck` of PostgreSQL). So the loader gets no right to refer. The administrator
 * adds the key, unchecked and only if it compares what has no code of a tenant's; the loader then checks the rows.
 */
import { quoteIdent, quoteLiteral, quoteName } from "../../session/quote.ts";
import type { Session } from "../../session/session.ts";
import type { TocEntry } from "../../archive/toc.ts";
import type { CodeBehind } from "../statements/admin-may.ts";
import type { LoadContext } from "../context.ts";
import { identifier, qualifiedName, quotedName } from "../statements/names-in-text.ts";
import { refusalOf, type Refusal } from "../report.ts";

/** A foreign key taken apart, in words of the archive. */
export interface KeyToExtension {
  readonly table: string;
  readonly name: string;
  readonly refersTo: string;
  /** From FOREIGN KEY on. */
  readonly key: string;
  /** What says that its rows are not checked; empty where they are. */
  readonly unchecked: "" | " NOT VALID" | " NOT ENFORCED";
  readonly isPartitioned: boolean;
}

const columns = String.raw`${identifier}(?:, ${identifier})*`;
const action = String.raw`(?:NO ACTION|RESTRICT|CASCADE|SET NULL|SET DEFAULT)(?: \(${columns}\))?`;
const options = String.raw`(?: MATCH FULL)?(?: ON UPDATE ${action})?(?: ON DELETE ${action})?(?: DEFERRABLE)?(?: INITIALLY DEFERRED)?`;
const form = new RegExp(
  String.raw`^ALTER TABLE (ONLY )?(${qualifiedName})\n    ADD CONSTRAINT (${identifier}) (FOREIGN KEY \(${columns}\) REFERENCES (${qualifiedName})\(${columns}\)${options})( NOT VALID| NOT ENFORCED)?;\s*$`,
);

/**
 * `null` for every other entry. The text must be such a key from its first to its last character, made of names and of
 * words of ours, so that nothing in it can be run.
 */
export function keyToExtension(
  { desc, defn }: Pick<TocEntry, "desc" | "defn">,
  { extensionTables }: Pick<CodeBehind, "extensionTables">,
): KeyToExtension | null {
  if (desc !== "FK CONSTRAINT") return null;
  const [, only, table = "", name = "", key = "", refersTo = "", said = ""] = form.exec(defn) ?? [];
  if (!extensionTables.has(refersTo)) return null;
  const unchecked = said === " NOT VALID" || said === " NOT ENFORCED" ? said : "";
  return { table, name, refersTo, key, unchecked, isPartitioned: only === undefined };
}

/**
 * `null` when the key was made and all rows have what they refer to. What the administrator would not make is the
 * machine's to lack, and so are rows that are in no backup; a row that refers to nothing else is the data's. Neither leaves a
 * key behind.
 */
export async function addKeyToExtension(
  context: LoadContext,
  loader: Session,
  key: KeyToExtension,
): Promise<Refusal | null> {
  if (!key.isPartitioned || key.unchecked !== "") return addToTable(context, loader, key);
  const tree = await context.admin.query<{ table: string; owner: string; isLeaf: boolean; isRoot: boolean }>(
    `select pg_catalog.format('%I.%I', n.nspname, c.relname) as table, p.isleaf as "isLeaf", p.level = 0 as "isRoot",
            pg_catalog.pg_get_userbyid(n.nspowner)::text as owner
       from pg_catalog.pg_partition_tree(pg_catalog.to_regclass($1)) p
       join pg_catalog.pg_class c on c.oid = p.relid join pg_catalog.pg_namespace n on n.oid = c.relnamespace`,
    [key.table],
  );
  const leaves = tree.filter(({ isLeaf }) => isLeaf);
  const owner = tree.find(({ isRoot }) => isRoot)?.owner ?? context.loader;
  const made: KeyToExtension[] = [];
  let refusal: Refusal | null = null;
  for (const { table } of leaves) {
    const ofLeaf = { ...key, table };
    refusal ??= await addToTable(context, loader, ofLeaf);
    if (refusal === null) made.push(ofLeaf);
  }
  refusal ??= await asAdmin(context, key, aboveLeaves(key, owner));
  if (refusal !== null) for (const ofLeaf of made) await drop(context, loader, ofLeaf);
  return refusal;
}

async function addToTable(
  context: LoadContext,
  loader: Session,
  of: KeyToExtension,
): Promise<Refusal | null> {
  const { table, name, key, unchecked } = of;
  // Of all partitions at once only where none is ever checked.
  const only = of.isPartitioned && unchecked !== "" ? "" : "ONLY ";
  const how = unchecked === "" ? " NOT VALID" : unchecked;
  const refusal = await asAdmin(
    context,
    of,
    `ALTER TABLE ${only}${table} ADD CONSTRAINT ${name} ${key}${how}`,
  );
  if (refusal !== null || unchecked !== "") return refusal;
  try {
    await loader.query(`${context.preamble("")}ALTER TABLE ONLY ${table} VALIDATE CONSTRAINT ${name}`);
    return null;
  } catch (error) {
    const met = refusalOf(error);
    await drop(context, loader, of);
    if (met.sqlState !== foreignKeyViolation || isInBackup(context, of)) return met;
    const message = `${met.message}; it refers to rows of an extension's table that no backup holds`;
    return { ...met, message, kind: "machine" };
  }
}

/** Rows that an extension does not mark as configuration are left out, and a tenant of schemas has none of them. */
function isInBackup({ fingerprint }: LoadContext, { refersTo }: KeyToExtension): boolean {
  const wanted = quotedName(refersTo);
  return fingerprint.tables.some((table) => quoteName(table) === wanted);
}

async function drop(context: LoadContext, loader: Session, { table, name }: KeyToExtension): Promise<void> {
  await loader.query(`${context.preamble("")}ALTER TABLE ONLY ${table} DROP CONSTRAINT IF EXISTS ${name}`);
}

/** In one message, hence in one transaction: a key that compares otherwise was never there. */
async function asAdmin(
  { admin, loader }: LoadContext,
  { name }: KeyToExtension,
  statement: string,
): Promise<Refusal | null> {
  try {
    await admin.query(`${statement};\n${onlyPlainKeys(loader)}`);
    return null;
  } catch (error) {
    const refusal = refusalOf(error);
    return { ...refusal, message: reasonFor(refusal, name), kind: "machine" };
  }
}

/** Conditions that are not met fail by what nothing else here does: a division by zero, a root of what has none. */
function reasonFor({ sqlState, message }: Refusal, name: string): string {
  if (sqlState === "22012")
    return `${name} would be checked as an extension's owner, and not by types of the server or the extension alone`;
  if (sqlState === "2201F") return `${name} is not that of every partition, as it was a moment ago`;
  return message;
}

const foreignKeyViolation = "23503";

/**
 * The key of a partitioned table cannot be added unchecked; but where each leaf has it, checked, the server checks none,
 * which would be a SELECT as the administrator (trap 2). So that it stays so until the statement is run, all are locked,
 * and their schema, which code of the tenant's could give another name meanwhile: what gives its owner what every owner
 * has takes its row, and needs no superuser.
 */
function aboveLeaves({ table, name, key }: KeyToExtension, owner: string): string {
  const literal = quoteLiteral(table);
  const [schema] = new RegExp(`^${identifier}`).exec(table) ?? [""];
  return `grant usage on schema ${schema} to ${quoteIdent(owner)};
lock table ${table} in share row exclusive mode;
select pg_catalog.sqrt(case when exists (
  select from pg_catalog.pg_partition_tree(pg_catalog.to_regclass(${literal})) p
   where p.isleaf and not exists (
     select from pg_catalog.pg_constraint c
      where c.conrelid = p.relid and c.contype = 'f' and c.convalidated and c.conparentid = 0
        and pg_catalog.pg_get_constraintdef(c.oid) = ${quoteLiteral(key)})) then -1 else 1 end);
ALTER TABLE ${table} ADD CONSTRAINT ${name} ${key}`;
}

/**
 * Fails unless all foreign keys that this transaction made are of tables of the loader's, and compare either two values
 * of one type, be it by way of a domain, which is not checked where it is compared, or two kinds of integers, or what the
 * server itself takes for the other as it stands, such as varchar for text. By the transaction and not by names, which code
 * of the tenant's could give to others meanwhile. The type of what is referred to was there before anything of the tenant's; arrays, rows, ranges and domains
 * are left out, since how their elements compare is looked up later.
 */
function onlyPlainKeys(loader: string): string {
  return `select 1 / (case when exists (
    select from pg_catalog.pg_constraint c
      join pg_catalog.pg_class t on t.oid = c.conrelid
     cross join lateral unnest(c.conkey, c.confkey) as pair(mine, theirs)
      join pg_catalog.pg_attribute f on f.attrelid = c.conrelid and f.attnum = pair.mine
      join pg_catalog.pg_attribute p on p.attrelid = c.confrelid and p.attnum = pair.theirs
      join pg_catalog.pg_type x on x.oid = f.atttypid
      join pg_catalog.pg_type y on y.oid = p.atttypid
     where c.xmin = pg_catalog.pg_current_xact_id()::pg_catalog.xid and c.contype = 'f'
       and (pg_catalog.pg_get_userbyid(t.relowner) <> ${quoteLiteral(loader)}
            or y.typtype not in ('b', 'e') or y.typcategory = 'A'
            or (y.oid not in (x.oid, x.typbasetype)
                and not (x.oid in (20, 21, 23) and y.oid in (20, 21, 23))
                and not exists (
                  select from pg_catalog.pg_cast k
                   where k.oid < 16384 and k.castmethod = 'b' and k.casttarget = y.oid
                     and k.castsource in (x.oid, x.typbasetype)))))
    then 0 else 1 end)`;
}
