import { Failure } from "../../base/failure.ts";
import type { Fingerprint } from "../../model/fingerprint.ts";
import { listed } from "./examined.ts";
import { readCensusEntries, censusOf } from "../readings/census.ts";
import { censusAgainstToc } from "../readings/census-toc.ts";
import { readCollations } from "../readings/collations.ts";
import { readDefinitions } from "../readings/definitions.ts";
import { readDatabase } from "../readings/database.ts";
import { readGenerated, readMatviews } from "../readings/derived.ts";
import { readExtensionRelations, readExtensions, type ExtensionRelation } from "../readings/extensions.ts";
import { readMembers } from "../readings/members.ts";
import { readOmitted } from "../readings/omitted.ts";
import { readingsOf } from "../readings/reading-digests.ts";
import { readRoles } from "../readings/roles.ts";
import { readSequences } from "../readings/sequences.ts";
import { readingCatalogs } from "../session/settings.ts";
import type { Session } from "../session/session.ts";
import type { Opened } from "./opened.ts";
import { loadOf } from "./row-streams.ts";
import type { TocEntry } from "../archive/toc.ts";

/** What was read in the snapshot of the holder beside the streams; the entries of a census are a few hundred bytes each. */
export interface SourceReadings extends Awaited<ReturnType<typeof readCatalogs>> {
  readonly told: Pick<
    Fingerprint,
    "server" | "database" | "extensions" | "sequences" | "generated" | "matviews"
  >;
}

/** To be read beside the streams, while the holder has nothing else to do. */
export async function readSource(opened: Opened): Promise<SourceReadings> {
  const { scope, holder, encoding, options, present, tables } = opened;
  const { session } = holder;
  const catalogs = await readingCatalogs(session, () => readCatalogs(session, opened));
  const { roles, extensionRelations } = catalogs;
  const loaded = tables.map((table) => ({ schema: table.schema, name: table.name, load: loadOf(table) }));
  const told = {
    server: await readServer(session, holder.standby),
    database: await readDatabase(
      session,
      scope,
      roles.map(({ name }) => name),
    ),
    extensions: await readExtensions(session, options.leaveOutExtensions),
    sequences: await readSequences(session, scope, extensionRelations),
    generated: await readGenerated(session, scope, loaded, { encoding, present }),
    matviews: await readMatviews(session, scope, { encoding, present }),
  };
  return { ...catalogs, told };
}

/**
 * The fingerprint: what was measured while the streams were read, and all the readings of the same
 * snapshot. Fails with "source/unsupported" when the catalogs hold an object that the schema archive has
 * no entry for (trap 9).
 */
export function measureSource(
  { scope, holder, largeObjects }: Opened,
  measured: Pick<Fingerprint, "tables" | "schema" | "largeObjects">,
  { census, definitions, roles, relations, omitted, collations, extensionMembers, told }: SourceReadings,
  toc: readonly TocEntry[],
): Fingerprint {
  assertArchived(censusAgainstToc(census, toc).map(({ kind, identity }) => `${kind} ${identity}`));
  return {
    scope,
    at: holder.at.toISOString(),
    lsn: holder.lsn,
    roles,
    collations,
    ...(extensionMembers === null ? {} : { extensionMembers }),
    census: censusOf(census),
    definitions,
    readings: readingsOf({ scope, versionNum: told.server.versionNum }),
    ...measured,
    ...told,
    omitted: [
      ...omitted,
      ...(scope.kind === "schemas" ? sharedConfiguration(relations) : []),
      ...largeObjects.omitted,
    ],
  };
}

/** The readings that describe every object, and no row. */
async function readCatalogs(session: Session, { scope, options, largeObjects }: Opened) {
  const relations = await readExtensionRelations(session, options.leaveOutExtensions);
  const roles = await readRoles(session, scope, largeObjects.roles);
  const extensionRelations = scope.kind === "database" ? relations : relations.map(asShared);
  return {
    relations,
    extensionRelations,
    census: await readCensusEntries(session, scope),
    extensionMembers: scope.kind === "database" ? await readMembers(session) : null,
    definitions: await readDefinitions(session, scope),
    roles,
    collations: await readCollations(session, scope),
    omitted: await readOmitted(session, scope, {
      ...options,
      extensionRelations,
      roles: roles.map(({ name }) => name),
    }),
  };
}

/** To one tenant of several the configuration of an extension does not belong. */
function asShared(relation: ExtensionRelation): ExtensionRelation {
  return relation.configuration ? { ...relation, configuration: false, filled: false } : relation;
}

function sharedConfiguration(relations: readonly ExtensionRelation[]): Fingerprint["omitted"] {
  return relations
    .filter(({ configuration, filled }) => configuration && filled)
    .map(({ extension, schema, name }) => ({
      kind: "configuration of an extension",
      name: `${schema}.${name}`,
      reason: `${extension} shares it among all tenants of the database`,
    }));
}

function assertArchived(missing: readonly string[]): void {
  if (missing.length === 0) return;
  throw new Failure("source/unsupported", `pg_dump left out what the catalogs hold: ${listed(missing)}`, {
    hint: "may the backup role see it?",
  });
}

async function readServer(session: Session, standby: boolean): Promise<Fingerprint["server"]> {
  const [server] = await session.query<{ version: string; databaseOid: number; mayAsk: boolean }>(
    `select pg_catalog.version() as version,
            (select oid from pg_catalog.pg_database where datname = pg_catalog.current_database()) as "databaseOid",
            pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE') as "mayAsk"`,
  );
  if (server === undefined) throw new Failure("internal/bug", "the server did not tell its version");
  const { version, databaseOid } = server;
  return {
    versionNum: session.versionNum,
    version,
    systemIdentifier: server.mayAsk ? await systemIdentifier(session) : null,
    databaseOid,
    standby,
  };
}

async function systemIdentifier(session: Session): Promise<string | null> {
  const [row] = await session.query<{ id: string }>(
    "select system_identifier::text as id from pg_catalog.pg_control_system()",
  );
  return row?.id ?? null;
}
