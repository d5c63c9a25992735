/**
 * Views, defaults, checks, policies and all other expressions are what they were. The server spells some of
 * them otherwise once they went through an archive (trap 14): `s IN ('a', 'b')` comes back with other casts.
 * So one that differs is looked for in the archive, in the very place of its object: where the archive says
 * word for word what the source's server had said, and both have the same names and constants, it is the server
 * that spells it anew, and that is told.
 */
import type { Finding } from "../../model/check.ts";
import type { Definition, Fingerprint } from "../../model/fingerprint.ts";
import { parseToc } from "../archive/toc.ts";
import {
  commentOnExtension,
  privilegesInExtension,
  privilegesInNoDump,
  readDefinitions,
  schemaPublic,
} from "../readings/definitions.ts";
import type { Session } from "../session/session.ts";
import { readingCatalogs } from "../session/settings.ts";
import type { Beforehand, FoundDefinitions } from "./beforehand.ts";
import { gatherArchive } from "./archive.ts";
import { tellsPrivileges, withoutMighty } from "./given-privileges.ts";
import { openExact, type Comparison } from "./restored.ts";
import { NamedEntries } from "./named-entries.ts";
import { hasSameWords } from "./same-words.ts";
import { isSpelt } from "./spelt.ts";

type DefinitionCheck = "objects" | "constraints" | "grants";

export interface DefinitionDifferences {
  readonly compared: number;
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
}

/** null where the backup is older than the measuring of definitions. */
export async function readRestoredDefinitions(comparison: Comparison): Promise<FoundDefinitions | null> {
  const { restored, fingerprint, wait } = comparison;
  if (fingerprint.definitions === undefined) return null;
  await using session = await openExact(restored, restored.admin, wait);
  const told = await readingCatalogs(session, () => readDefinitions(session, fingerprint.scope));
  const definitions = [...told, ...(await ownerOfPublic(session, fingerprint.definitions, told))];
  const here = new Map(definitions.map((one) => [keyOf(one), one.text]));
  const differs = fingerprint.definitions.some((one) => here.get(keyOf(one)) !== one.text);
  const existed = restored.existed === true;
  return { definitions, existed, entries: differs ? parseToc(await gatherArchive(comparison)).entries : [] };
}

/**
 * An owner who made the cluster is not told, being everybody's where the source has that one; here it may be the very role
 * to whom it had been given there.
 */
async function ownerOfPublic(
  session: Session,
  wanted: readonly Definition[],
  told: readonly Definition[],
): Promise<readonly Definition[]> {
  const isOwner = ({ kind, part }: Definition): boolean => kind === schemaPublic && part === "owner";
  const one = wanted.find(isOwner);
  if (one === undefined || told.some(isOwner)) return [];
  const [owner] = await session.query<{ text: string }>(
    "select pg_catalog.pg_get_userbyid(nspowner)::text as text from pg_catalog.pg_namespace where nspname = 'public'",
  );
  return owner === undefined ? [] : [{ ...one, text: owner.text }];
}

/** Constraints and privileges for the checks of those names, everything else for `objects`. */
export function compareDefinitions(
  check: DefinitionCheck,
  fingerprint: Pick<Fingerprint, "definitions" | "extensions" | "roles">,
  { definitions: found, incomparable }: Pick<Beforehand, "definitions" | "incomparable">,
): DefinitionDifferences {
  if (found === null || fingerprint.definitions === undefined) {
    const unmeasured = "definitions are not compared: they were not measured when the backup was made";
    return { compared: 0, findings: [], notes: incomparable.definitions === null ? [unmeasured] : [] };
  }
  const answers = (one: Definition): boolean => checkFor(one) === check;
  const expected = withoutMighty(fingerprint.definitions, fingerprint).filter(
    (one) => answers(one) && !isLeftOut(one, fingerprint.extensions),
  );
  const restored = withoutMighty(found.definitions, fingerprint).filter(answers);
  const here = new Map(restored.map((one) => [keyOf(one), one]));
  const known = new Set(expected.map(keyOf));
  const archived = new NamedEntries(found.entries);
  const findings: Finding[] = [];
  const respelt: string[] = [];
  const lost: string[] = [];
  const targets: string[] = [];
  // No load gives or takes any of these.
  const isTargets = (one: Definition): boolean =>
    found.existed === true && one.kind === privilegesInNoDump && one.schema === "information_schema";
  for (const one of expected) {
    const now = here.get(keyOf(one))?.text;
    if (now === one.text) continue;
    if (now !== undefined && hasSameWords(one.text, now) && isSpelt(one, archived))
      respelt.push(subjectOf(one));
    else if (now === undefined && one.kind === privilegesInNoDump) lost.push(subjectOf(one));
    else if (isTargets(one)) targets.push(subjectOf(one));
    else findings.push({ subject: subjectOf(one), difference: differenceOf(one.text, now) });
  }
  for (const [key, one] of here) {
    if (known.has(key)) continue;
    if (isTargets(one)) targets.push(subjectOf(one));
    else findings.push({ subject: subjectOf(one), difference: "was not in the source" });
  }
  const notes = [
    ...(respelt.length === 0 ? [] : [`spelt anew by the server: ${listed(respelt)}`]),
    ...(lost.length === 0 ? [] : [`not in any dump: ${listed(lost)}`]),
    ...(targets.length === 0 ? [] : [`altered on the target before, and left so: ${listed(targets)}`]),
  ];
  return { compared: expected.length, findings, notes };
}

function isLeftOut({ kind, name }: Definition, extensions: Fingerprint["extensions"]): boolean {
  return extensions.some(
    (one) =>
      one.leftOut &&
      (kind === `${privilegesInExtension}${one.name}` || (kind === commentOnExtension && name === one.name)),
  );
}

function checkFor(definition: Definition): DefinitionCheck {
  if (tellsPrivileges(definition)) return "grants";
  return definition.kind === "constraint" ? "constraints" : "objects";
}

function keyOf({ kind, schema, name, part }: Definition): string {
  return JSON.stringify([kind, schema, name, part]);
}

function subjectOf({ kind, schema, name, part }: Definition): string {
  return `${kind} of ${schema}.${name}${part === "" ? "" : ` ${part}`}`;
}

const listedMax = 10;

function listed(subjects: readonly string[]): string {
  const more = subjects.length - listedMax;
  return [...subjects.slice(0, listedMax), ...(more > 0 ? [`${String(more)} more`] : [])].join(", ");
}

const shownMax = 400;

function differenceOf(expected: string, found: string | undefined): string {
  return found === undefined ? "absent" : `expected ${shown(expected)}, found ${shown(found)}`;
}

function shown(text: string): string {
  return text.length > shownMax ? `${text.slice(0, shownMax)}…` : text;
}
