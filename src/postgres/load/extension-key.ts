/**
 * Foreign keys of a tenant's that refer to a table of an extension's, such as the reference systems of a map. Such a
 * table is the administrator's, and whoever may refer to it could make a key whose check runs as its owner, with a cast
 * or an operator of the tenant's (`ri_PlanCheck` of PostgreSQL). So the loader gets no right to refer. The administrator
 * adds the key, unchecked and only if it compares what has no code of a tenant's; the loader then checks the rows.
 */
import { quoteLiteral } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import type { TocEntry } from "../archive/toc.ts";
import type { CodeBehind } from "./admin-may.ts";
import type { LoadContext } from "./context.ts";
import { identifier, qualifiedName } from "./names-in-text.ts";
import { refusalOf, type Refusal } from "./report.ts";

/** A foreign key taken apart; all but `isValid` as the archive writes it. */
export interface KeyToExtension {
  readonly table: string;
  readonly name: string;
  readonly refersTo: string;
  /** Without the semicolon, and without NOT VALID. */
  readonly statement: string;
  readonly isValid: boolean;
}

const columns = String.raw`${identifier}(?:, ${identifier})*`;
const action = String.raw`(?:NO ACTION|RESTRICT|CASCADE|SET NULL|SET DEFAULT)(?: \(${columns}\))?`;
const options = String.raw`(?: MATCH FULL)?(?: ON UPDATE ${action})?(?: ON DELETE ${action})?(?: DEFERRABLE)?(?: INITIALLY DEFERRED)?`;
const form = new RegExp(
  String.raw`^(ALTER TABLE ONLY (${qualifiedName})\n    ADD CONSTRAINT (${identifier}) FOREIGN KEY \(${columns}\) REFERENCES (${qualifiedName})\(${columns}\)${options})( NOT VALID)?;\s*$`,
);

/**
 * `null` for every other entry. The text must be such a key from its first to its last character, made of names and of
 * words of ours, so that nothing in it can be run. That of a partitioned table is none: it cannot be added unchecked.
 */
export function keyToExtension(
  { desc, defn }: Pick<TocEntry, "desc" | "defn">,
  { extensionTables }: Pick<CodeBehind, "extensionTables">,
): KeyToExtension | null {
  if (desc !== "FK CONSTRAINT") return null;
  const [, statement = "", table = "", name = "", refersTo = "", notValid] = form.exec(defn) ?? [];
  if (!extensionTables.has(refersTo)) return null;
  return { table, name, refersTo, statement, isValid: notValid === undefined };
}

/**
 * `null` when the key was made and all rows have what they refer to. What the administrator would not make is the
 * machine's to lack; a row that refers to nothing is the data's, and leaves no key behind.
 */
export async function addKeyToExtension(
  context: LoadContext,
  loader: Session,
  { table, name, statement, isValid }: KeyToExtension,
): Promise<Refusal | null> {
  try {
    // One message, hence one transaction: a key that compares otherwise was never there.
    await context.admin.query(`${statement} NOT VALID;\n${onlyPlainKeys(context.loader)}`);
  } catch (error) {
    const refusal = refusalOf(error);
    const message =
      refusal.sqlState === divisionByZero
        ? `${name} would be checked as an extension's owner, and not by types of the server or the extension alone`
        : refusal.message;
    return { ...refusal, message, kind: "machine" };
  }
  if (!isValid) return null;
  try {
    await loader.query(`${context.preamble("")}ALTER TABLE ONLY ${table} VALIDATE CONSTRAINT ${name}`);
    return null;
  } catch (error) {
    const refusal = refusalOf(error);
    await loader.query(`${context.preamble("")}ALTER TABLE ONLY ${table} DROP CONSTRAINT IF EXISTS ${name}`);
    return refusal;
  }
}

const divisionByZero = "22012";

/**
 * Fails unless all foreign keys that this transaction made are of tables of the loader's, and compare either two values
 * of one type or two kinds of integers. By the transaction and not by names, which code of the tenant's could give to
 * others meanwhile. The type of what is referred to was there before anything of the tenant's; arrays, rows, ranges and domains
 * are left out, since how their elements compare is looked up later.
 */
function onlyPlainKeys(loader: string): string {
  return `select 1 / (case when exists (
    select from pg_catalog.pg_constraint c
      join pg_catalog.pg_class t on t.oid = c.conrelid
     cross join lateral unnest(c.conkey, c.confkey) as pair(mine, theirs)
      join pg_catalog.pg_attribute f on f.attrelid = c.conrelid and f.attnum = pair.mine
      join pg_catalog.pg_attribute p on p.attrelid = c.confrelid and p.attnum = pair.theirs
      join pg_catalog.pg_type y on y.oid = p.atttypid
     where c.xmin = pg_catalog.pg_current_xact_id()::pg_catalog.xid and c.contype = 'f'
       and (pg_catalog.pg_get_userbyid(t.relowner) <> ${quoteLiteral(loader)}
            or y.typtype not in ('b', 'e') or y.typcategory = 'A'
            or (f.atttypid <> p.atttypid
                and not (f.atttypid in (20, 21, 23) and p.atttypid in (20, 21, 23)))))
    then 0 else 1 end)`;
}
