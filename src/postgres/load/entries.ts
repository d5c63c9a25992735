import { quoteIdent, quoteName } from "../session/quote.ts";
import type { Session } from "../session/session.ts";
import type { TocEntry } from "../archive/toc.ts";
import type { LoadContext } from "./context.ts";
import { adminMay } from "./statements/admin-may.ts";
import { beyondDatabase } from "./statements/beyond-database.ts";
import { codeBehindOf } from "./statements/code-behind.ts";
import { conditionOf, nothingKept, unmet } from "./statements/conditions.ts";
import { heirOfExtension, makeHeirOfExtension } from "./extensions/extension-heir.ts";
import { addKeyToExtension, keyToExtension } from "./extensions/extension-key.ts";
import { byPagesAlone } from "./keys/foreign-key-check.ts";
import { functionInParts } from "./statements/function-in-parts.ts";
import { runKeyPart } from "./keys/run-key-part.ts";
import { kindOf } from "./kinds.ts";
import { isOfItsKind } from "./statements/of-its-kind.ts";
import { lendWrappers } from "./rights/lent-wrappers.ts";
import { ownerStatement } from "./rights/owners.ts";
import { isTimeout, refusalOf, subjectOf, type Refusal } from "./report.ts";
import { isShared } from "./rights/shared.ts";

/**
 * Runs entries one after the other, in their order. Those that are refused are tried again after the
 * others as long as that helps, at last with the database's own search_path (trap 15); what is refused
 * even then is a failed entry.
 */
export async function runEntries(
  context: LoadContext,
  loader: Session,
  entries: readonly TocEntry[],
): Promise<void> {
  let pending = await runRound(context, loader, entries, plainly);
  for (let before = Infinity; pending.length > 0 && pending.length < before;) {
    before = pending.length;
    pending = await runRound(context, loader, pending, plainly);
  }
  const last = await runRound(context, loader, pending, {
    searchPath: context.ownSearchPath,
    onSuccess: (entry) => {
      context.ledger.note(`${subjectOf(entry)} needs the database's own search_path`);
    },
  });
  for (const entry of last) {
    const refusal = await runEntry(context, loader, entry, "");
    if (refusal === null) context.ledger.applied(entry);
    else context.ledger.failed(entry, refusal);
  }
}

interface Round {
  readonly searchPath: string;
  readonly onSuccess?: (entry: TocEntry) => void;
}

const plainly: Round = { searchPath: "" };

/** Returns those that were refused. */
async function runRound(
  context: LoadContext,
  loader: Session,
  entries: readonly TocEntry[],
  { searchPath, onSuccess }: Round,
): Promise<TocEntry[]> {
  const refused: TocEntry[] = [];
  for (const entry of entries) {
    const refusal = await runEntry(context, loader, entry, searchPath);
    if (refusal === null) {
      context.ledger.applied(entry);
      onSuccess?.(entry);
    } else if (isTimeout(refusal)) context.ledger.failed(entry, refusal);
    else refused.push(entry);
  }
  return refused;
}

/** Runs one entry as its kind demands, in a transaction of its own; `null` when it was taken. */
export async function runEntry(
  context: LoadContext,
  loader: Session,
  entry: TocEntry,
  searchPath: string,
): Promise<Refusal | null> {
  if (isOnlyComment(entry.defn)) return null;
  if (entry.tablespace !== "")
    context.ledger.note(`tablespace ${entry.tablespace} is not used; everything lies in the default one`);
  const isAdmins = await isForAdmin(context, entry);
  const beyond = notOnShared(context, entry, isAdmins);
  if (beyond !== null) return beyond;
  if (isAdmins) return runAsAdmin(context, entry);
  const part = context.keyParts.get(entry.dumpId);
  if (part !== undefined) return runKeyPart(loader, entry, part, context.preamble(searchPath));
  const byBoth = await runByBoth(context, loader, entry);
  if (byBoth !== "none") return byBoth;
  const parts = await partsOf(context, entry);
  try {
    const planning = entry.desc === "FK CONSTRAINT" ? byPagesAlone : "";
    const text = (parts?.loaders ?? entry.defn) + methodOf(entry);
    await loader.query(context.preamble(searchPath, entry.tableAm) + planning + text);
  } catch (error) {
    return refusalOf(error);
  }
  if (parts !== null) await sayTheRest(context, entry, parts);
  return null;
}

/** For a partitioned table it is said, as the server takes the usual one for those of other tables alone. */
function methodOf({ desc, isPartitioned, namespace, tag, tableAm }: TocEntry): string {
  if (desc !== "TABLE" || !isPartitioned || tableAm === "") return "";
  return `\nalter table ${quoteName({ schema: namespace, name: tag })} set access method ${quoteIdent(tableAm)};`;
}

type Parts = NonNullable<ReturnType<typeof functionInParts>>;

async function partsOf(context: LoadContext, entry: TocEntry): Promise<Parts | null> {
  if (entry.desc !== "FUNCTION" && entry.desc !== "PROCEDURE") return null;
  return functionInParts(entry, await codeBehindOf(context));
}

/**
 * Without it the function is there and works. Its settings are given on a target that others share too: whoever calls the
 * function has to be one who may set them.
 */
async function sayTheRest(context: LoadContext, entry: TocEntry, { object, said }: Parts): Promise<void> {
  // It is believed by the server whatever it says of values in memory.
  const given = said.filter((one) => !isShared(context.destination) || !one.startsWith("SUPPORT "));
  if (given.length < said.length) {
    const message = "who helps to plan it is not said on a target that others share: it is code in C";
    context.ledger.problem(subjectOf(entry), { sqlState: undefined, message, kind: "machine" });
  }
  if (given.length === 0) return;
  const statements = given.map((one) => `alter ${object} ${one}`);
  try {
    await context.admin.query([...statements, nothingKept(context.loader)].join(";\n"));
  } catch (error) {
    const refusal = refusalOf(error);
    const told = refusal.sqlState === "22012" ? notOfItsKind(entry) : refusal;
    context.ledger.problem(subjectOf(entry), { ...told, kind: "machine" });
  }
}

/** What hangs on a table of an extension's: a part by the administrator, the rest by the loader. `none` for all else. */
async function runByBoth(
  context: LoadContext,
  loader: Session,
  entry: TocEntry,
): Promise<Refusal | null | "none"> {
  if (entry.desc !== "FK CONSTRAINT" && !inherits(entry)) return "none";
  const behind = await codeBehindOf(context);
  const key = keyToExtension(entry, behind);
  if (key !== null) return addKeyToExtension(context, loader, key);
  const heir = heirOfExtension(entry, behind);
  return heir === null ? "none" : makeHeirOfExtension(context, loader, heir);
}

function inherits({ desc, defn }: TocEntry): boolean {
  return desc === "TABLE" && defn.includes("\nINHERITS (");
}

/** Why it is nobody's to make here. */
export function notOnShared(
  { destination, standardStrings }: LoadContext,
  entry: Pick<TocEntry, "desc" | "defn">,
  isAdmins: boolean,
): Refusal | null {
  return isShared(destination) ? beyondDatabase(entry, isAdmins, standardStrings) : null;
}

/** Of these a wrapper asks more where they are not a superuser's, see `lendWrappers`. */
const ofWrappers = new Set(["FOREIGN TABLE", "SERVER", "USER MAPPING"]);

/** Decided before anything is run, see `adminMay`. */
export async function isForAdmin(context: LoadContext, entry: TocEntry): Promise<boolean> {
  const { runner } = kindOf(entry);
  if (isShared(context.destination) && (ofWrappers.has(entry.desc) || entry.desc === "TRANSFORM"))
    return false;
  if (runner !== "admin-if-harmless") return runner === "admin";
  return adminMay(entry, await codeBehindOf(context));
}

async function runAsAdmin(context: LoadContext, entry: TocEntry): Promise<Refusal | null> {
  if (!isOfItsKind(entry, context.standardStrings)) return notOfItsKind(entry);
  const code = await tenantCodeBehind(context, entry);
  if (code !== null) {
    return { sqlState: undefined, message: `would run ${code} as a superuser`, kind: "machine" };
  }
  // To the loader at once: a SECURITY DEFINER function must never be the administrator's while rows are
  // checked. Wrappers can only belong to a superuser.
  const owner = entry.desc === "FOREIGN DATA WRAPPER" ? null : ownerStatement(entry, context.loader);
  try {
    if (["PROCEDURAL LANGUAGE", "FOREIGN DATA WRAPPER"].includes(entry.desc)) context.codeBehind.known = null;
    await context.admin.query([entry.defn, owner ?? "", `;${conditionOf(context, entry)}`].join("\n"));
    if (entry.desc === "FOREIGN DATA WRAPPER") await lendWrappers(context);
    return null;
  } catch (error) {
    const refusal = refusalOf(error);
    return refusal.sqlState === "22012" ? (unmet(context, entry) ?? notOfItsKind(entry)) : refusal;
  }
}

/**
 * A foreign-data wrapper calls its validator whenever options are given, as the user who gives them. An
 * extension's is C; one that the tenant itself wrote in another language would run as superuser. Which of them the entry
 * names is not asked: any that can be one is too many.
 */
async function tenantCodeBehind({ admin }: LoadContext, entry: TocEntry): Promise<string | null> {
  if (entry.desc !== "FOREIGN DATA WRAPPER") return null;
  const found = await admin.query<{ name: string }>(
    `select p.proname::text as name
       from pg_catalog.pg_proc p
       join pg_catalog.pg_language l on l.oid = p.prolang
      where l.lanname not in ('c', 'internal')
        and p.proargtypes = pg_catalog.array_to_string(array['text[]'::pg_catalog.regtype::oid, 'oid'::pg_catalog.regtype::oid], ' ')::pg_catalog.oidvector`,
  );
  return found[0]?.name ?? null;
}

/** A newer pg_dump may have other words, so it does not speak against the copy. */
export function notOfItsKind({ desc }: TocEntry): Refusal {
  const message = `its text says what no ${desc} says, and would run with all rights`;
  return { sqlState: undefined, message, kind: "machine" };
}

/** pg_dump writes some entries only to say that there is nothing to do. */
export function isOnlyComment(defn: string): boolean {
  return defn.split("\n").every((line) => line.trim() === "" || line.startsWith("--"));
}
