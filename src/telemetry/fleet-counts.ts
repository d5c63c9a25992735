/** Numbers of tenants that no single tenant's health tells, read from the catalog when somebody asks. */
import type { Family } from "./exposition.ts";

export interface FleetCounts {
  /** Of which the newest prune, by whichever host, was stopped by a finding. */
  readonly retentionStopped: number;
  /** That have backups and are looked after no more. */
  readonly gone: number;
}

/** Null: nobody knows, and a 0 would look like health. */
export function countFamilies(counts: FleetCounts | null): readonly Family[] {
  return [
    {
      name: "holdfast_retention_stopped_tenants",
      help: "Tenants of which the newest prune was stopped by a finding.",
      samples: counts === null ? [] : [[[], counts.retentionStopped]],
    },
    {
      name: "holdfast_tenants_gone",
      help: "Tenants that have backups and are looked after no more: dropped, renamed, or taken out of the configuration.",
      samples: counts === null ? [] : [[[], counts.gone]],
    },
  ];
}
