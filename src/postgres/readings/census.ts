/**
 * A count of everything the catalogs hold in the tenant's scope, by queries written independently of
 * pg_dump's (trap 9). Left out: what belongs to the system or to an extension, which an extension's
 * version stands for, and what `readOmitted` names. Identities carry the attributes that must come back
 * as they were, but no expression, since the server re-spells those once (trap 14).
 */
import { sha256 } from "../../base/digest.ts";
import type { Census, Scope } from "../../model/fingerprint.ts";
import type { Session } from "../session/session.ts";
import { codeQueries } from "./census-code.ts";
import type { CensusContext, CensusQueries } from "./census-context.ts";
import {
  connectionOfSubscription,
  databaseQueries,
  mappingOptions,
  optionsOfSubscription,
  superuserQueries,
} from "./census-database.ts";
import { aidOfExtension, extensionQueries, memberOfExtension } from "./census-extensions.ts";
import { privilegeQueries } from "./census-privileges.ts";
import {
  detachingPartition,
  relationQueries,
  sleepingConstraint,
  tableInSystemSchema,
} from "./census-relations.ts";
import { remarkQueries } from "./census-remarks.ts";
import { schemasOf, scopeTables, scopeTablesWithMembers } from "./scope.ts";

export interface CensusEntry {
  readonly kind: string;
  /** The name of the catalog and the oid in it, by which the archive's table of contents knows the object. */
  readonly catalog: string;
  readonly catalogOid: number;
  readonly oid: number;
  readonly identity: string;
  /** Whether an archive must have an entry of its own for it. */
  readonly archived: boolean;
}

const parts: readonly CensusQueries[] = [
  relationQueries,
  codeQueries,
  databaseQueries,
  extensionQueries,
  remarkQueries,
  privilegeQueries,
];

/**
 * Every entry of the census, unsorted. One query for all kinds, since of a small tenant most of the time went
 * into asking some seventy times for the same schemas and relations.
 */
export async function readCensusEntries(session: Session, scope: Scope): Promise<CensusEntry[]> {
  return readEntries(session, scope, scopeTables);
}

/** The same with every attribute of what extensions made, which only servers that ran the same scripts have in common. */
export async function readWholeCensus(session: Session, scope: Scope): Promise<Census> {
  return censusOf(await readEntries(session, scope, scopeTablesWithMembers));
}

/** All that anybody is asked, as a superuser is; the same for every scope of one kind, and for all minor releases of a server. */
export function censusStatement(context: CensusContext): string {
  return statementOf([...parts, superuserQueries], context, scopeTables);
}

async function readEntries(session: Session, scope: Scope, tables: string): Promise<CensusEntry[]> {
  const [me] = await session.query<{ rolsuper: boolean }>(
    "select rolsuper from pg_catalog.pg_roles where rolname = current_user",
  );
  const asked = me?.rolsuper === true ? [...parts, superuserQueries] : parts;
  const statement = statementOf(asked, { scope, versionNum: session.versionNum }, tables);
  return session.query<CensusEntry>(statement, [schemasOf(scope)]);
}

function statementOf(asked: readonly CensusQueries[], context: CensusContext, tables: string): string {
  const texts = asked.flatMap((queries) => queries(context));
  return `with ${tables},
     entry(kind, catalog, oid, identity, archived) as (
       ${texts.map((text) => `(${text})`).join(" union all ")})
     select kind, catalog, ('pg_catalog.' || catalog)::regclass::oid as "catalogOid", oid, identity, archived
       from entry`;
}

/** What is told by name is printed where it differs, and a dictionary opens the digest of a password. */
const secret: ReadonlySet<string> = new Set([mappingOptions, connectionOfSubscription]);

/** Kinds with more members than this are told by their digest alone. */
const namedMax = 100;

/** Of extensions the extra ones are forgiven, of what no dump tells those that are lost: all have to be known by name. */
const toldApart = [
  memberOfExtension,
  aidOfExtension,
  sleepingConstraint,
  detachingPartition,
  optionsOfSubscription,
  tableInSystemSchema,
];

/** Counts and digests by kind, as the fingerprint holds them. */
export function censusOf(entries: readonly CensusEntry[]): Census {
  const kinds = Map.groupBy(entries, ({ kind }) => kind);
  return Array.from(kinds, ([kind, members]) => {
    const identities = members.map(({ identity }) => identity).toSorted();
    const digest = sha256(Buffer.from(JSON.stringify(identities)));
    const isNamed = identities.length <= namedMax || toldApart.some((prefix) => kind.startsWith(prefix));
    const named = isNamed && !secret.has(kind) ? { identities } : {};
    return { kind, count: members.length, sha256: digest, ...named };
  }).toSorted((one, other) => (one.kind < other.kind ? -1 : 1));
}
