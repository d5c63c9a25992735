/**
 * The port of the challenge: what a named damage is, and what must come of it. A metal detector is
 * challenged with test pieces whose metal is known; these are the test pieces of verification.
 */
import type { CheckName } from "../model/check.ts";
import type { Fingerprint } from "../model/fingerprint.ts";
import type { Snapshot } from "../postgres/source/snapshot.ts";

/** Where the damage is done: to what lies in a store, to rows, to the schema, to the machine that verifies. */
export const families = ["store", "data", "schema", "machine"] as const;
export type Family = (typeof families)[number];

/**
 * What has to come of a challenge.
 * `proven`: nothing is wrong; any other verdict is a false alarm.
 * `refuted`: the verification of the copy says so.
 * `inconclusive`: the machine is broken; the copy is neither proven nor refuted.
 * `not-believed`: the record is suspect: never latest, never restored by itself, never proven.
 * `missing`: the listing of backups shows that this store lacks the copy.
 * `damaged`: the listing of backups shows that this copy is not whole.
 * `unproven`: whatever proof lies there, no reader calls the copy proven.
 */
export type Outcome =
  | "proven"
  | "refuted"
  | "inconclusive"
  | "not-believed"
  | "missing"
  | "damaged"
  | "unproven";

/** Who can see a damage: a check of verification, or the listing of backups. */
export type Witness = CheckName | "list";

/** One outcome has many causes: how the one that this damage makes shows itself. Another one is not it. */
export interface Traces {
  /**
   * Who has to see it; one of them, where several can. Found by others alone it was found by accident: whoever was
   * to see it is blind. Empty where no check comes to begin, of a machine that breaks before.
   */
  readonly seenBy: readonly Witness[];
  /** What the detail has to say. */
  readonly says?: RegExp;
}

export interface DamageHead extends Traces {
  /** Kebab-case, unique over all families: `row-lost`, `object-truncated-in-header`. */
  readonly name: string;
  /** One line in plain words, lower case, no full stop: "one row of a table is lost". */
  readonly title: string;
  readonly family: Family;
  readonly expected: Outcome;
}

/**
 * A backup as if the dump had been wrong. The tenant's database is cloned (CREATE DATABASE … TEMPLATE, under
 * the same name, so that everything named after the database agrees), `statements` are run in the clone as
 * the server's superuser, the clone is read, and `Forge` makes one snapshot of the two.
 */
export interface DumpDamage extends DamageHead {
  readonly family: "data" | "schema";
  readonly expected: "refuted";
  /** Run in the clone, each on its own, in one session whose `search_path` is PostgreSQL's default. */
  readonly statements: readonly string[];
  /**
   * Whose digests of the schema archive the fingerprint has. `clone`: as if pg_dump itself had left the thing
   * out, so that it is not simply the digest that finds it. `original`: as if the archive had changed on its way.
   */
  readonly archive: "clone" | "original";
}

/**
 * A load that went wrong. What no archive holds (sequences, roles, settings of the database, versions of
 * extensions) is restored from the fingerprint itself, so that a wrong dump could not be told from a right one;
 * what can go wrong is the load. The good backup is loaded, `statements` are run in the restored database
 * (`TryOutWish.loaded`), and then it is compared.
 */
export interface LoadDamage extends DamageHead {
  readonly family: "data" | "schema";
  readonly expected: "refuted";
  /** Each on its own, in one session of scratch's superuser in the restored database. */
  readonly altered: readonly string[];
}

/** What was measured of the undamaged tenant, once. */
export interface Original {
  readonly fingerprint: Fingerprint;
  /** The bytes of the stream `fingerprint.schema.stream`. */
  readonly archive: Uint8Array;
}

/** A snapshot that streams what the clone holds and swears to what the original was. Owns `clone` from then on. */
export type Forge = (damage: DumpDamage, clone: Snapshot, original: Original) => Snapshot;

/** A tenant that is as it should be: made, backed up, verified, and must come out proven. */
export interface SampleTenant {
  /** Kebab-case: `challenge`, `random-7`. */
  readonly name: string;
  readonly title: string;
  /** Run in the database `postgres` before the tenant's database is made: its roles. */
  readonly server: readonly string[];
  /** Who owns the database; null: the server's superuser. */
  readonly owner: string | null;
  /** How the database is made, after `create database NAME`: `template template0 encoding 'UTF8' locale 'C'`. */
  readonly create: string;
  /** Run in the tenant's database, each on its own. */
  readonly statements: readonly string[];
  /** Run in the database `postgres` after every CREATE or clone: ACL, settings, limits of the database, which no template hands on. */
  readonly database: (name: string) => readonly string[];
}
