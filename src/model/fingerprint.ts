/**
 * What a PostgreSQL tenant was, measured in the very snapshot that was dumped.
 * Part of the manifest, hence sealed; it names tables, roles and settings but holds no row.
 */
import { z } from "zod";
import { instant, sha256Hex } from "./ids.ts";

const bytes = z.int().nonnegative();
const name = z.string();

/** Which part of the source is the tenant. */
export const scope = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("database"), database: name }),
  z.object({ kind: z.literal("schemas"), database: name, schemas: z.array(name).min(1) }),
]);
export type Scope = z.infer<typeof scope>;

/** Some bytes of a stream. */
const slice = z.object({ stream: z.string(), offset: bytes, bytes, sha256: sha256Hex });
export type Slice = z.infer<typeof slice>;

/**
 * A multiset of rows: each row's COPY text without its newline is hashed with SHA-256, the
 * hashes are added as 256-bit little-endian numbers modulo 2^256, and the sum is written in hex.
 */
const multiset = z.object({ rows: bytes, sum: sha256Hex });
export type Multiset = z.infer<typeof multiset>;

const tableFingerprint = z.object({
  schema: name,
  name,
  /** Columns of the COPY, in order; generated columns are left out. Empty for a table without columns. */
  columns: z.array(name),
  rows: z.int().nonnegative(),
  bytes,
  /** COPY text in physical order; more than one only where the table was read in ctid ranges. */
  slices: z.array(slice),
  /**
   * `ordered`: loaded into this table and compared byte for byte. `through-root`: rows go in through
   * `root` and are compared as a multiset over all leaves of that root. `extension`: configuration
   * table of an extension, replaced whole and compared as a multiset.
   */
  load: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("ordered") }),
    z.object({ kind: z.literal("through-root"), root: z.object({ schema: name, name }) }),
    z.object({ kind: z.literal("extension"), extension: name }),
  ]),
  /** Set where order cannot be kept; `null` for `ordered`. */
  multiset: multiset.nullable(),
  unlogged: z.boolean(),
});
export type TableFingerprint = z.infer<typeof tableFingerprint>;

/** Derived data that is not loaded but computed again, compared without order. `null` with a reason where it could not be read. */
const derived = z.object({
  schema: name,
  name,
  columns: z.array(name),
  populated: z.boolean(),
  multiset: multiset.nullable(),
  /** Why there is no digest, e.g. volatile or reads a foreign table. */
  reason: z.string().optional(),
});
export type Derived = z.infer<typeof derived>;

const sequence = z.object({ schema: name, name, lastValue: z.string(), isCalled: z.boolean() });
export type SequenceState = z.infer<typeof sequence>;

const setting = z.object({ role: name.nullable(), name, value: z.string() });

const role = z.object({
  name,
  attributes: z.object({
    superuser: z.boolean(),
    inherit: z.boolean(),
    createRole: z.boolean(),
    createDatabase: z.boolean(),
    login: z.boolean(),
    replication: z.boolean(),
    bypassRowSecurity: z.boolean(),
    connectionLimit: z.int(),
    validUntil: z.string().nullable(),
  }),
  memberOf: z.array(
    z.object({
      role: name,
      admin: z.boolean(),
      inherit: z.boolean().nullable(),
      set: z.boolean().nullable(),
    }),
  ),
  settings: z.array(z.object({ name, value: z.string() })),
  comment: z.string().nullable(),
});
export type RoleFingerprint = z.infer<typeof role>;

const database = z.object({
  name,
  owner: name,
  encoding: name,
  collate: name,
  ctype: name,
  /** `libc`, `icu` or `builtin`. */
  localeProvider: name,
  locale: name.nullable(),
  icuRules: z.string().nullable(),
  /** As recorded when the database was made, and as the library on the source had it at the snapshot. */
  collationVersion: z.string().nullable(),
  actualCollationVersion: z.string().nullable().optional(),
  connectionLimit: z.int(),
  allowConnections: z.boolean(),
  isTemplate: z.boolean(),
  /** `aclitem` texts in order; `null`: the default. */
  acl: z.array(z.string()).nullable(),
  comment: z.string().nullable(),
  /** `ALTER DATABASE … SET` and `ALTER ROLE … IN DATABASE … SET`, as pg_db_role_setting holds them. */
  settings: z.array(setting),
});
export type DatabaseFingerprint = z.infer<typeof database>;

const extension = z.object({
  name,
  version: z.string(),
  schema: name,
  /** Left out by the plan. */
  leftOut: z.boolean(),
});
export type ExtensionFingerprint = z.infer<typeof extension>;

/** What members of extensions are like, by a digest each; `reading`: of the statement that read them. */
const members = z.object({
  reading: sha256Hex,
  members: z.array(z.object({ extension: name, identity: z.string(), digest: z.string() })),
});
export type MembersFingerprint = z.infer<typeof members>;

/**
 * How many objects of each kind the catalogs hold in the tenant's scope, and a digest over their
 * sorted identities; counted by queries of our own, not by pg_dump's.
 */
const census = z.array(
  z.object({
    kind: name,
    count: z.int().nonnegative(),
    sha256: sha256Hex,
    /** Sorted; only of kinds with few members, so that a difference can be named. */
    identities: z.array(z.string()).optional(),
  }),
);
export type Census = z.infer<typeof census>;

/**
 * What the server says an object is, in its words (`pg_get_viewdef` and its like): `default` of column `part` of
 * `name`, `constraint`, `policy`, `view`… `inherited`: the archive may spell it with another relation.
 */
const definition = z.object({
  kind: name,
  schema: name,
  name,
  part: z.string(),
  text: z.string(),
  inherited: z.boolean().optional(),
});
export type Definition = z.infer<typeof definition>;

/**
 * How a part of the fingerprint was read: digests of the statements that read it from such a server. Counts and texts
 * that were read by other statements differ for a database that is whole, and are not compared.
 */
const readings = z.object({
  census: sha256Hex,
  definitions: sha256Hex,
  roles: sha256Hex,
  database: sha256Hex,
  extensions: sha256Hex,
  archiveText: sha256Hex,
});
export type Readings = z.infer<typeof readings>;

export const fingerprint = z.object({
  scope,
  server: z.object({
    /** `server_version_num`, e.g. 150018. */
    versionNum: z.int(),
    version: z.string(),
    /** `null` where the backup role may not read it. */
    systemIdentifier: z.string().nullable(),
    databaseOid: z.int(),
    standby: z.boolean(),
  }),
  /** The source's clock in the snapshot; on a standby the last replayed transaction. */
  at: instant,
  lsn: z.string().nullable(),
  database,
  roles: z.array(role),
  extensions: z.array(extension),
  /** Absent in older backups, and of schema tenants. */
  extensionMembers: members.optional(),
  collations: z.array(
    z.object({
      schema: name,
      name,
      provider: name,
      /** Of the library on the source at the snapshot. */
      version: z.string().nullable(),
      /** As it was when the collation was made or last refreshed. */
      recordedVersion: z.string().nullable().optional(),
    }),
  ),
  census,
  /** Absent in backups older than their measuring. */
  definitions: z.array(definition).optional(),
  /** Absent in older backups, of which nobody knows how they were read. */
  readings: readings.optional(),
  /** The schema archive (`pg_dump -Fc`) and its text (`pg_restore -f -`, fixed restrict key). */
  schema: z.object({
    stream: z.string(),
    text: z.object({ bytes, sha256: sha256Hex }),
    /** The archive itself, which no release of pg_restore can spell otherwise. */
    archive: z.object({ bytes, sha256: sha256Hex }).optional(),
    /** Of the programs that made the archive and its text. */
    pgDumpVersion: z.string(),
  }),
  tables: z.array(tableFingerprint),
  sequences: z.array(sequence),
  largeObjects: z.object({
    stream: z.string().nullable(),
    count: z.int().nonnegative(),
    bytes,
    sha256: sha256Hex.nullable(),
  }),
  generated: z.array(derived),
  matviews: z.array(derived),
  /** What the backup leaves out on purpose or cannot hold, never silently. */
  omitted: z.array(z.object({ kind: name, name, reason: z.string() })),
});
export type Fingerprint = z.infer<typeof fingerprint>;
