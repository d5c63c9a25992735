import { Failure } from "../../base/failure.ts";
import { compareResult, notRun, type CheckResult, type Finding } from "../../model/check.ts";
import type { Derived, Fingerprint } from "../../model/fingerprint.ts";
import { planningHazards } from "../source/planning-hazards.ts";
import { quoteName } from "../session/quote.ts";
import { readCollations } from "../readings/collations.ts";
import { readDatabase } from "../readings/database.ts";
import { readDerived, readsForeign } from "../readings/derived.ts";
import type { Session } from "../session/session.ts";
import { missingOrElse } from "./missing.ts";
import { isLeftBehind } from "./outdated.ts";
import { openExact, type Comparison } from "./restored.ts";
import { multisetDifference } from "./tables.ts";

/** Stored generated columns were computed again to the same values (trap 18). */
export async function checkGenerated({
  restored,
  reader,
  fingerprint,
  wait,
}: Comparison): Promise<CheckResult> {
  if (fingerprint.generated.length === 0)
    return notRun("generated", "irrelevant", "there are no generated columns");
  await using session = await openExact(restored, reader, wait);
  const isAdmin = reader.user === restored.admin.user;
  const findings: Finding[] = [];
  for (const one of fingerprint.generated) {
    const as = { session, isAdmin, word: "generated columns of" };
    findings.push(...(await compareDerived(as, one, fingerprint)));
  }
  const skipped = fingerprint.generated.filter(({ multiset }) => multiset === null);
  const compared = fingerprint.generated.length - skipped.length;
  if (compared === 0) return notRun("generated", "irrelevant", leftOut(skipped));
  const detail = [`generated columns of ${String(compared)} tables are equal`, leftOut(skipped)];
  return compareResult("generated", compared, findings, detail.filter((part) => part !== "").join("; "));
}

/**
 * Materialised views were refreshed to the rows they had. One that differs need not be wrong: rows may
 * have changed after its last refresh on the source, and the restored one is computed from rows that
 * were compared. So it is told by name, and refuted only where its definition now gives the rows that the
 * source had (`isLeftBehind`); where the collations are of another version
 * than on the source the difference may be theirs, and the check counts as not run for want of a
 * fitting machine.
 */
export async function checkMatviews({
  restored,
  reader,
  fingerprint,
  wait,
}: Comparison): Promise<CheckResult> {
  const views = fingerprint.matviews;
  if (views.length === 0) return notRun("matviews", "irrelevant", "there are no materialised views");
  await using session = await openExact(restored, reader, wait);
  const isAdmin = reader.user === restored.admin.user;
  const states = await populatedViews(session);
  const findings: Finding[] = [];
  const stale: Finding[] = [];
  for (const view of views) {
    const populated = states.get(quoteName(view));
    // Scratch may ask no other server; the rows are not the backup's.
    if (populated === false && view.reason === readsForeign) continue;
    if (populated !== view.populated) findings.push(populationFinding(view, populated));
    else {
      const as = { session, isAdmin, word: "materialised view" };
      const differing = await compareDerived(as, view, fingerprint);
      if (differing.length === 0 || view.multiset === null || isAdmin) stale.push(...differing);
      else {
        await using own = await openExact(restored, reader, wait);
        const behind = await isLeftBehind(own, view, view.multiset, fingerprint.database.encoding);
        (behind ? findings : stale).push(...differing);
      }
    }
  }
  if (findings.length > 0) return compareResult("matviews", views.length, findings, "");
  const skipped = views.filter(({ multiset }) => multiset === null);
  if (stale.length > 0) {
    const names = stale.map(({ subject }) => subject).join(", ");
    const differing = await differingCollations(session, fingerprint);
    const reason =
      differing.length === 0
        ? "the source had changed since it refreshed them, or they do not depend on rows alone"
        : `the versions of these collations differ from the source's: ${differing.join(", ")}`;
    const because = differing.length === 0 ? "irrelevant" : "machine";
    const compared = views.length - skipped.length - stale.length;
    const told = notRun(
      "matviews",
      because,
      `${String(compared)} are equal; refreshed anew and not as in the source: ${names}; ${reason}`,
    );
    return { ...told, compared, findings: stale };
  }
  if (skipped.length === views.length) return notRun("matviews", "irrelevant", leftOut(skipped));
  const detail = [`${String(views.length - skipped.length)} materialised views are equal`, leftOut(skipped)];
  return compareResult("matviews", views.length, [], detail.filter((part) => part !== "").join("; "));
}

/** Who reads: the administrator runs no query that may call the tenant's functions, a login without rights may. */
interface ReadingAs {
  readonly session: Session;
  readonly isAdmin: boolean;
  readonly word: string;
}

async function compareDerived(
  { session, isAdmin, word }: ReadingAs,
  one: Derived,
  { database }: Fingerprint,
): Promise<Finding[]> {
  const expected = one.multiset;
  if (expected === null) return [];
  const subject = `${word} ${quoteName(one)}`;
  return missingOrElse(subject, async () => {
    const [relation] = await session.query<{ oid: number; kind: string }>(
      `select c.oid, c.relkind::text as kind from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace
        where n.nspname = $1 and c.relname = $2`,
      [one.schema, one.name],
    );
    if (relation === undefined) return [{ subject, difference: "absent" }];
    if (isAdmin && (await planningHazards(session, [relation.oid])).size > 0) {
      const code = session.side === "target" ? "target/permission" : "scratch/isolation";
      throw new Failure(code, `to read the ${subject} could call functions of the tenant with power`);
    }
    const found = await readDerived(session, { ...one, kind: relation.kind }, database.encoding);
    const difference = multisetDifference(expected, found);
    return difference === null ? [] : [{ subject, difference }];
  });
}

async function populatedViews(session: Session): Promise<Map<string, boolean>> {
  const rows = await session.query<{ schema: string; name: string; populated: boolean }>(
    `select n.nspname::text as schema, c.relname::text as name, c.relispopulated as populated
       from pg_catalog.pg_class c join pg_catalog.pg_namespace n on n.oid = c.relnamespace where c.relkind = 'm'`,
  );
  return new Map(rows.map((row) => [quoteName(row), row.populated]));
}

function populationFinding(view: Derived, populated: boolean | undefined): Finding {
  const subject = `materialised view ${quoteName(view)}`;
  if (populated === undefined) return { subject, difference: "absent" };
  return { subject, difference: populated ? "was not populated in the source" : "is not populated" };
}

function leftOut(skipped: readonly Derived[]): string {
  return skipped.map((one) => `${quoteName(one)} not compared: ${one.reason ?? "no digest"}`).join("; ");
}

/** Collations whose version, as far as both sides know one, is not the source's. */
async function differingCollations(session: Session, fingerprint: Fingerprint): Promise<string[]> {
  const here = await readCollations(session, fingerprint.scope);
  const versions = new Map(here.map((one) => [quoteName(one), one.version]));
  const differing = fingerprint.collations
    .filter((one) => versions.has(quoteName(one)) && versions.get(quoteName(one)) !== one.version)
    .map(quoteName);
  const database = await readDatabase(session, fingerprint.scope, []);
  const before = fingerprint.database.actualCollationVersion ?? fingerprint.database.collationVersion;
  const now = database.actualCollationVersion ?? database.collationVersion;
  return before === now ? differing : ["the database's own", ...differing];
}
