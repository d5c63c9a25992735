/** The catalog's tables as the newest migration leaves them. Whatever is measured in `…_ms` or bytes is bigint. */
import type { ColumnType, Generated, Kysely } from "kysely";
import type { RunEntry } from "./catalog.ts";

/** `pg` reads a bigint as text; ours all fit a number. */
type Bigint = ColumnType<string, number, number>;

export interface Tables {
  choice: { tenant: string; choice: ColumnType<unknown, string, string> };
  slot: { key: string; tenant: string; kind: string; at: Date };
  newest_slot: { tenant: string; kind: string; key: string; at: Date };
  watermark: { one: Generated<boolean>; at: Date | null };
  run: {
    id: Generated<string>;
    tenant: string | null;
    verb: RunEntry["verb"];
    kind: RunEntry["kind"];
    host: string;
    started_at: Date;
    ended_at: Date;
    result: RunEntry["result"];
    code: string | null;
    facts: ColumnType<RunEntry["facts"], string, string>;
  };
  /** The tenants there are, and what their plans ask. */
  terms: {
    tenant: string;
    quorum: number;
    copies_required: number;
    stores: string[];
    expected_interval_ms: ColumnType<string | null, number | null, number | null>;
    recovery_point_ms: Bigint;
    recovery_time_ms: Bigint;
    prove_within_ms: Bigint;
    prove_again_ms: ColumnType<string | null, number | null, number | null>;
    scrub_within_ms: Bigint;
    expected_kinds: ColumnType<Readonly<Record<string, number>>, string, string>;
  };
  /** Of all terms as they were last given; null: they have changed since. One row. */
  terms_digest: { one: Generated<boolean>; digest: string | null };
  /** When a tenant was pruned, and how that ended. */
  pruned: { tenant: string; at: Date; outcome: "done" | "stopped" };
  /** When the part of a tenant that lies in a store was scrubbed. */
  scrubbed: { tenant: string; store: string; at: Date };
  /** When the stores were last asked about a tenant. */
  refreshed: { tenant: string; at: Date };
}

export type Db = Kysely<Tables>;
