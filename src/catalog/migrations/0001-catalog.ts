/** The first shape of the catalog: policy, slots, history, and the index of what the stores hold. */
import { type Kysely, sql } from "kysely";

export async function up(db: Kysely<unknown>): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}

const statements = [
  `create table holdfast.choice (tenant text primary key, choice jsonb not null)`,

  `create table holdfast.slot (
    key text primary key, tenant text not null, kind text not null, at timestamptz not null)`,
  // Slots are forgotten by their time.
  `create index slot_at on holdfast.slot (at)`,
  `create table holdfast.newest_slot (
    tenant text, kind text, key text not null, at timestamptz not null, primary key (tenant, kind))`,
  // One row, which who hands out slots locks.
  `create table holdfast.watermark (one boolean primary key default true check (one), at timestamptz)`,
  `insert into holdfast.watermark (at) values (null)`,

  `create table holdfast.run (
    id bigint generated always as identity primary key,
    tenant text, verb text not null, kind text, host text not null,
    started_at timestamptz not null, ended_at timestamptz not null,
    result text not null, code text, facts jsonb not null)`,
  `create index run_ended on holdfast.run (ended_at desc, id desc)`,
  `create index run_of_tenant on holdfast.run (tenant, ended_at desc, id desc)`,
  // How often a replicate was tried is asked of every tenant that lacks copies, which may be all.
  `create index run_replicated on holdfast.run (tenant, ended_at) where verb = 'replicate'`,

  `create table holdfast.terms (
    tenant text primary key, quorum integer not null, copies_required integer not null, stores text[] not null,
    expected_interval_ms bigint, recovery_point_ms bigint not null, recovery_time_ms bigint not null,
    prove_within_ms bigint not null, prove_again_ms bigint, scrub_within_ms bigint not null,
    expected_kinds jsonb not null)`,
  // Of every kind that a tenant's terms expect: the newest success, or when it was first expected. Retention removes
  // backups by their time and not by their kind, so the index cannot tell.
  `create table holdfast.kind_since (
    tenant text, kind text, since timestamptz not null, primary key (tenant, kind))`,
  // Tenants with terms that a host which knew all of its own has not; whoever has them takes this away again.
  `create table holdfast.absent (tenant text primary key, since timestamptz not null default now())`,
  `create table holdfast.terms_digest (one boolean primary key default true check (one), digest text)`,
  `insert into holdfast.terms_digest (digest) values (null)`,
  `create table holdfast.pruned (tenant text primary key, at timestamptz not null, outcome text not null)`,
  `create table holdfast.scrubbed (
    tenant text, store text, at timestamptz not null, primary key (tenant, store))`,

  // From here on everything is an index of the stores and can be made again from them.
  `create table holdfast.refreshed (tenant text primary key, at timestamptz not null)`,
  `create table holdfast.backup (
    tenant text, backup text, kind text not null, at timestamptz not null, finished_at timestamptz not null,
    plain_bytes bigint not null, sealed_bytes bigint not null, suspect boolean not null,
    primary key (tenant, backup))`,
  // The last four are what the terms make of the others: when the wait for the next proof began, how long it may last,
  // and how much of it nothing is tried; null: none is needed. Few limits exist, and within one the oldest wait
  // comes first.
  `create table holdfast.copy (
    tenant text, backup text, store text, state text not null, verdict text, proved_at timestamptz,
    prove_since timestamptz, prove_limit_ms bigint, prove_rest_ms bigint, prove_due_at timestamptz,
    primary key (tenant, backup, store),
    foreign key (tenant, backup) references holdfast.backup on delete cascade)`,
  `create index copy_waits on holdfast.copy (prove_limit_ms, prove_rest_ms, prove_since)
    where prove_since is not null`,
  // Copies that are to be healed or proven anew are few, and looked for every few seconds.
  `create index copy_bad on holdfast.copy (tenant, store) where state = 'damaged' or verdict = 'refuted'`,
  // What all of a tenant's copies come to, so that nobody who asks for health reads them: the answer as a short JSON
  // text, for every tenant that has terms and for no other. Rows are rewritten often, and in their page.
  `create table holdfast.standing (tenant text primary key, lacking integer not null, doc text not null)
    with (fillfactor = 70)`,
  // Stores that hold something of a tenant, and since when; the last two as with copies.
  `create table holdfast.shelf (
    tenant text, store text, since timestamptz not null, scrub_since timestamptz, scrub_limit_ms bigint,
    primary key (tenant, store))`,
  `create index shelf_waits on holdfast.shelf (scrub_limit_ms, scrub_since) where scrub_since is not null`,
];
