import type { CheckName, CheckResult, Finding } from "../../model/check.ts";
import type { Census, Fingerprint } from "../../model/fingerprint.ts";
import { censusOf, readCensusEntries } from "../readings/census.ts";
import { connectionOfSubscription, optionsOfSubscription } from "../readings/census-database.ts";
import {
  aidOfExtension,
  dependsOnExtension,
  memberOfExtension,
  unspokenDependence,
} from "../readings/census-extensions.ts";
import { detachingPartition, sleepingConstraint, tableInSystemSchema } from "../readings/census-relations.ts";
import { labelOfDatabase } from "../readings/census-remarks.ts";
import { readingCatalogs } from "../session/settings.ts";
import type { Beforehand } from "./beforehand.ts";
import { compareReadings } from "./comparable.ts";
import type { DefinitionDifferences } from "./definitions.ts";
import { openExact, type Comparison } from "./restored.ts";

/** Kinds that another check than `objects` answers for. */
const checkOfKind: Readonly<Record<string, CheckName>> = {
  constraint: "constraints",
  [sleepingConstraint]: "constraints",
  owner: "grants",
  privileges: "grants",
  "default privileges": "grants",
};

/** A new database has the schema public, and a restored subscription must never connect: told, not refuted. */
const toldOnly = new Set(["public schema", "subscription"]);

/** What is lost of these no archive holds, or goes with what was left out; what there is of them was the source's, or is wrong. */
const toldWhereLost: ReadonlySet<string> = new Set([
  sleepingConstraint,
  detachingPartition,
  optionsOfSubscription,
  connectionOfSubscription,
  labelOfDatabase,
  unspokenDependence,
]);

type Counted = Census[number];

export interface CensusDifferences {
  readonly compared: number;
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

/** Counted once, for all checks that use it. */
export async function readRestoredCensus({ restored, fingerprint, wait }: Comparison): Promise<Census> {
  await using session = await openExact(restored, restored.admin, wait);
  return censusOf(await readingCatalogs(session, () => readCensusEntries(session, fingerprint.scope)));
}

/** The census of the restored database equals the fingerprint's in all kinds that `check` answers for but those in `hidden`. */
export function compareCensus(
  check: CheckName,
  expected: Census,
  found: Census,
  hidden: ReadonlySet<string> = new Set(),
): CensusDifferences {
  const answers = ({ kind }: { kind: string }): boolean => checkFor(kind) === check && !hidden.has(kind);
  const wanted = byKind(expected.filter(answers));
  const there = byKind(found.filter(answers));
  const findings = differencesByKind(wanted, there);
  const isFewer = (kind: string): boolean => (there.get(kind)?.count ?? 0) < (wanted.get(kind)?.count ?? 0);
  const isLost = ({ subject, difference }: Finding): boolean =>
    difference.startsWith(absent) || (wanted.get(subject)?.identities === undefined && isFewer(subject));
  const isTold = (finding: Finding): boolean =>
    toldOnly.has(finding.subject) || (toldWhereLost.has(finding.subject) && isLost(finding));
  return {
    compared: [...wanted.values()].reduce((sum, { count }) => sum + count, 0),
    findings: findings
      .filter((finding) => !isTold(finding))
      .map((finding) => (finding.subject === tableInSystemSchema ? inNoDump(finding) : finding)),
    notes: [
      ...findings.filter(isTold).map(({ subject, difference }) => `${subject}: ${difference}`),
      ...expected.filter(({ kind }) => checkFor(kind) === check && hidden.has(kind)).map(notShown),
    ],
  };
}

type Kinds = ReadonlyMap<string, Counted>;

function byKind(census: Census): Kinds {
  return new Map(census.map((one) => [one.kind, one]));
}

/** `extra`: what is said of one that is only there. */
function differencesByKind(wanted: Kinds, there: Kinds, extra = notInSource): Finding[] {
  return [...new Set([...wanted.keys(), ...there.keys()])].flatMap((kind) => {
    const [before, after] = [wanted.get(kind), there.get(kind)];
    return before?.sha256 === after?.sha256 ? [] : named(kind, before, after, extra);
  });
}

/** What differs between two databases that were made of one archive on one server, of whatever kind. */
export function compareTwins(twin: Census, loaded: Census): Finding[] {
  return differencesByKind(byKind(twin), byKind(loaded), "is not there").map(({ subject, difference }) => ({
    subject: `${subject}, beside the empty twin`,
    difference,
  }));
}

function notShown({ kind, count }: Counted): string {
  return `${kind}: ${String(count)} not compared, since only a superuser is shown them`;
}

function checkFor(kind: string): CheckName {
  const ofExtension = [memberOfExtension, aidOfExtension].some((prefix) => kind.startsWith(prefix));
  return ofExtension ? "extensions" : (checkOfKind[kind] ?? "objects");
}

const absent = "absent: ";
const notInSource = "was not in the source";

/** Each identity that is only on one side, where both are told by name; else how the numbers differ. */
function named(
  kind: string,
  before: Counted | undefined,
  after: Counted | undefined,
  extra: string,
): Finding[] {
  const wanted = before === undefined ? [] : before.identities;
  const here = after === undefined ? [] : after.identities;
  if (wanted === undefined || here === undefined)
    return [numbered(kind, before?.count ?? 0, after?.count ?? 0)];
  const told = [
    ...without(wanted, here).map((identity) => ({ subject: kind, difference: `${absent}${identity}` })),
    ...without(here, wanted).map((identity) => ({
      subject: kind,
      difference: `${extra}: ${identity}`,
    })),
  ];
  return told.length === 0 ? [numbered(kind, wanted.length, here.length)] : told;
}

function numbered(kind: string, count: number, now: number): Finding {
  const difference =
    count === now
      ? `${String(count)} as expected, but not the same ones`
      : `expected ${String(count)}, found ${String(now)}`;
  return { subject: kind, difference };
}

function without(some: readonly string[], others: readonly string[]): string[] {
  const known = new Set(others);
  return some.filter((one) => !known.has(one));
}

/**
 * Members of extensions: one that the source had and the script did not make here is lost, though it was the
 * tenant's (`ALTER EXTENSION … ADD`), and so is a trigger or a policy on a table of an extension's, of which no dump
 * tells. What the script makes here beyond those is told, for packages differ; so are indexes and statistics that are lost.
 */
export function compareMembers(
  { census, extensions }: Pick<Fingerprint, "census" | "extensions">,
  found: Census,
): CensusDifferences {
  const expected = withoutLeftOut({ census, extensions });
  const known = new Set(expected.map(({ kind }) => kind));
  const compared = compareCensus("extensions", expected, found);
  const isOfSource = ({ subject }: Finding): boolean => known.has(subject);
  const isTold = ({ subject, difference }: Finding): boolean =>
    difference.startsWith(notInSource) || subject.startsWith(aidOfExtension);
  const findings = compared.findings.filter(isOfSource);
  return {
    compared: compared.compared,
    findings: findings.filter((finding) => !isTold(finding)).map(inNoDump),
    notes: findings.filter(isTold).map(({ subject, difference }) => `${subject}: ${difference}`),
  };
}

/** Without what goes with extensions that the plan leaves out. */
function withoutLeftOut({ census, extensions }: Pick<Fingerprint, "census" | "extensions">): Census {
  const leftOut = new Set(
    extensions
      .filter((one) => one.leftOut)
      .flatMap(({ name }) =>
        [memberOfExtension, aidOfExtension, dependsOnExtension].map((prefix) => `${prefix}${name}`),
      ),
  );
  return census.filter(({ kind }) => !leftOut.has(kind));
}

/** No other backup will hold it either, unless it is moved, taken out of the extension or comes with its script. */
function inNoDump({ subject, difference }: Finding): Finding {
  if (!difference.startsWith(absent)) return { subject, difference };
  return { subject, difference: `${difference}, which no dump holds` };
}

/** `objects` and `constraints`: the census, and what the server says their definitions are. */
export function checkCensus(
  check: "objects" | "constraints",
  fingerprint: Fingerprint,
  { census, incomparable, hidden }: Pick<Beforehand, "census" | "incomparable" | "hidden">,
  definitions: DefinitionDifferences,
): CheckResult {
  const counted = census === null ? null : compareCensus(check, withoutLeftOut(fingerprint), census, hidden);
  const equal = [
    ...(counted === null ? [] : [`${String(counted.compared)} ${check}`]),
    ...(definitions.compared === 0 ? [] : [`${String(definitions.compared)} definitions`]),
  ];
  const told = [
    ...(equal.length === 0 ? [] : [`${equal.join(" and ")} are equal`]),
    ...(counted?.notes ?? []),
    ...definitions.notes,
  ];
  const findings = [...(counted?.findings ?? []), ...definitions.findings];
  return compareReadings(check, counted?.compared ?? definitions.compared, findings, {
    detail: told.join("; "),
    restsOn: ["census", "definitions"],
    incomparable,
  });
}
