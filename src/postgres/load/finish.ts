import { quoteIdent } from "../session/quote.ts";
import type { TocEntry } from "../archive/toc.ts";
import type { LoadContext } from "./context.ts";
import { bareSql } from "./statements/bare-sql.ts";
import { rolesOfDefaults } from "./rights/default-privileges.ts";
import { isForAdmin, isOnlyComment, notOfItsKind, notOnShared } from "./entries.ts";
import type { Heirs } from "./rights/heirs.ts";
import { kindOf, type Stage } from "./kinds.ts";
import { isOfItsKind } from "./statements/of-its-kind.ts";
import { notOfLoader } from "./statements/of-loader.ts";
import { ownerOrder, ownerStatement } from "./rights/owners.ts";
import { refusalOf } from "./report.ts";
import { isShared } from "./rights/shared.ts";
import { heldOnSystem, takeBackOnSystem } from "./rights/system-grants.ts";

/** Needs a superuser as its owner. */
const superuserOwned = new Set(["FOREIGN DATA WRAPPER", "EVENT TRIGGER", "SUBSCRIPTION", "PUBLICATION"]);

/**
 * Gives every object to its owner, or to the heir of one that must not have it. By the administrator, after
 * all tenant code has run; writes catalogs only.
 */
export async function giveOwners(
  context: LoadContext,
  entries: readonly TocEntry[],
  heirs: Heirs,
): Promise<void> {
  // What was refused is told already, and whether by the data or the machine; it has no owner to be missed.
  const made = ownerOrder(entries).filter((entry) => context.ledger.isApplied(entry));
  const others = await notOfLoader(
    context,
    made.filter(({ desc }) => !superuserOwned.has(desc)),
  );
  for (const entry of made) {
    const statement = ownerStatement(entry, entry.owner);
    // What belongs to superusers the administrator made by its own name, unless there was nothing to do.
    if (statement === null || (superuserOwned.has(entry.desc) && isOnlyComment(entry.defn))) continue;
    const subject = `OWNER of ${entry.desc} ${entry.namespace}.${entry.tag}`;
    const refusal = others.get(entry);
    if (refusal !== undefined) {
      context.ledger.problem(subject, refusal);
      continue;
    }
    const reason = heirs.blocked.get(entry.owner);
    if (reason !== undefined) {
      const to = superuserOwned.has(entry.desc) ? "stays with the administrator" : `goes to ${heirs.heir}`;
      const message = `${reason}; it ${to}`;
      context.ledger.problem(subject, { sqlState: undefined, message, kind: "machine" });
      await giveToHeir(context, entry, heirs);
      continue;
    }
    try {
      await setOwner(context, entry, statement);
    } catch (error) {
      context.ledger.problem(subject, { ...refusalOf(error), kind: "machine" });
      await giveToHeir(context, entry, heirs);
    }
  }
}

/** What stayed with the loader would be dropped with what the tenant's code made. */
async function giveToHeir(context: LoadContext, entry: TocEntry, { heir }: Heirs): Promise<void> {
  const statement = superuserOwned.has(entry.desc) ? null : ownerStatement(entry, heir);
  if (statement === null) return;
  try {
    await context.admin.query(statement);
  } catch (error) {
    context.ledger.kept(refusalOf(error).message);
  }
}

/**
 * Some kinds may only be given to a superuser, which no role that a load made is. It becomes one inside a transaction
 * that ends by taking it back, so that nobody else ever sees it; on a target that others share no role that was there.
 */
async function setOwner(
  { admin, adminIsSuperuser, destination, ledger }: LoadContext,
  entry: TocEntry,
  statement: string,
): Promise<void> {
  const mayBe = !isShared(destination) || ledger.placeholders.includes(entry.owner);
  if (
    superuserOwned.has(entry.desc) &&
    adminIsSuperuser &&
    mayBe &&
    !(await isSuperuser(admin, entry.owner))
  ) {
    const role = quoteIdent(entry.owner);
    await admin.query(`alter role ${role} superuser;\n${statement};\nalter role ${role} nosuperuser`);
  } else await admin.query(statement);
}

async function isSuperuser(admin: LoadContext["admin"], role: string): Promise<boolean> {
  const found = await admin.query("select 1 from pg_catalog.pg_roles where rolsuper and rolname = $1", [
    role,
  ]);
  return found.length > 0;
}

/**
 * Privileges of the tenant's objects. On a target that others share they come at once, in one transaction that takes back
 * what reaches beyond the database before anybody sees it.
 */
export async function runGrants(context: LoadContext): Promise<void> {
  if (!isShared(context.destination)) {
    await runAdminStage(context, "acl");
    return;
  }
  const { admin } = context;
  const before = await heldOnSystem(admin);
  await admin.query("begin");
  await runAdminStage(context, "acl", "one_entry");
  await takeBackOnSystem(context, before);
  await admin.query("commit");
}

/** Runs the entries of one of the administrator's last stages, in their order; inside a transaction each behind a `savepoint`, released at once: thousands would be as deep. */
export async function runAdminStage(context: LoadContext, stage: Stage, savepoint?: string): Promise<void> {
  for (const entry of context.entries.filter((one) => kindOf(one).stage === stage)) {
    const text = statementOf(context, entry);
    if (entry.desc === "SUBSCRIPTION" && !isUnconnected(text, context.standardStrings)) {
      context.ledger.leftOut(entry, "it would connect to its publisher");
      continue;
    }
    if (entry.desc === "PUBLICATION TABLE" && !(await isForAdmin(context, entry))) {
      const message = "its row filter may run code of the tenant's as the administrator";
      context.ledger.failed(entry, { sqlState: undefined, message, kind: "machine" });
      continue;
    }
    if (
      !isOfItsKind({ ...entry, defn: text }, context.standardStrings) ||
      namesNoRole(context, entry, text)
    ) {
      context.ledger.failed(entry, notOfItsKind(entry));
      continue;
    }
    const beyond = notOnShared(context, { desc: entry.desc, defn: text }, true);
    if (beyond !== null) {
      context.ledger.failed(entry, beyond);
      continue;
    }
    if (entry.desc === "DEFAULT ACL" && isOthersDefaults(context, text)) {
      context.ledger.applied(entry);
      continue;
    }
    try {
      if (!isOnlyComment(text))
        await context.admin.query(
          savepoint === undefined
            ? text
            : `savepoint ${savepoint};\n${text}\n;release savepoint ${savepoint}`,
        );
      context.ledger.applied(entry);
    } catch (error) {
      context.ledger.failed(entry, refusalOf(error));
      if (savepoint !== undefined)
        await context.admin.query(`rollback to ${savepoint}; release savepoint ${savepoint}`);
    }
    if (entry.desc === "SUBSCRIPTION") context.ledger.note(`subscription ${entry.tag} is there but disabled`);
  }
}

/**
 * Default privileges of a role that was there before, be it the administrator, would give the tenant what that role makes
 * later. Nothing is done then, and what is not done is noted.
 */
function isOthersDefaults({ destination, ledger, standardStrings }: LoadContext, text: string): boolean {
  if (!isShared(destination)) return false;
  const roles = rolesOfDefaults(text, standardStrings);
  const others = (roles ?? []).filter((role) => !ledger.placeholders.includes(role));
  for (const role of others) {
    const words = `default privileges of role ${role}, which was not made by this load`;
    ledger.withhold({ kind: "default privileges", role }, words);
  }
  return others.length > 0;
}

function namesNoRole({ standardStrings }: LoadContext, { desc }: TocEntry, text: string): boolean {
  return desc === "DEFAULT ACL" && rolesOfDefaults(text, standardStrings) === null;
}

/** Of several statements one could say it for the others. */
function isUnconnected(text: string, standardStrings: boolean): boolean {
  const bare = bareSql(text, standardStrings)?.trimEnd() ?? "";
  return bare.indexOf(";") === bare.length - 1 && /\bWITH \(connect = false\b[^()]*\);$/.test(bare);
}

/** Grants by others than the owner are made in their name, which only a superuser can do. */
function statementOf(context: LoadContext, entry: TocEntry): string {
  if (!entry.desc.endsWith("ACL")) return entry.defn;
  const lines = entry.defn.split("\n").filter((line) => !isFromNobody(context, line));
  if (context.adminIsSuperuser) return lines.join("\n");
  const kept = lines.filter((line) => !/^(RE)?SET SESSION AUTHORIZATION\b/.test(line));
  if (kept.length < lines.length) context.ledger.note(`grants on ${entry.tag} are recorded as the owner's`);
  return kept.join("\n");
}

/**
 * Who made an extension and was dropped since is still named by number as its first owner, and pg_dump takes
 * privileges from that number. There is nobody to take them from.
 */
function isFromNobody({ fingerprint }: LoadContext, line: string): boolean {
  const [, number] = /^REVOKE .* FROM "(\d+)";$/.exec(line) ?? [];
  return number !== undefined && fingerprint.roles.every(({ name }) => name !== number);
}
