import { sql } from "kysely";
import type { BackupKind, Verdict } from "../model/glossary.ts";
import { backupId, storeName, type TenantId } from "../model/ids.ts";
import type { IndexedBackup, IndexedCopy } from "./catalog.ts";
import type { Db } from "./tables.ts";

interface Row {
  readonly backup: string;
  readonly kind: BackupKind;
  readonly at: Date;
  readonly finished_at: Date;
  readonly plain_bytes: string;
  readonly sealed_bytes: string;
  readonly suspect: boolean;
  readonly store: string;
  readonly state: IndexedCopy["state"];
  readonly verdict: Verdict | null;
  readonly proved_at: Date | null;
}

/** Newest recovery point first; copies by the name of their store. */
export async function readBackups(db: Db, tenant: TenantId): Promise<readonly IndexedBackup[]> {
  const { rows } = await sql<Row>`
    select b.backup, b.kind, b.at, b.finished_at, b.plain_bytes, b.sealed_bytes, b.suspect,
           c.store, c.state, c.verdict, c.proved_at
    from holdfast.backup b join holdfast.copy c on c.tenant = b.tenant and c.backup = b.backup
    where b.tenant = ${tenant} order by b.at desc, b.backup desc, c.store`.execute(db);
  return Map.groupBy(rows, ({ backup }) => backup)
    .values()
    .flatMap((copies) => {
      const [first] = copies;
      return first === undefined ? [] : [backupOf(first, copies)];
    })
    .toArray();
}

function backupOf(row: Row, copies: readonly Row[]): IndexedBackup {
  return {
    backup: backupId.parse(row.backup),
    kind: row.kind,
    at: row.at,
    finishedAt: row.finished_at,
    plainBytes: Number(row.plain_bytes),
    sealedBytes: Number(row.sealed_bytes),
    suspect: row.suspect,
    copies: copies.map(({ store, state, verdict, proved_at: at }) => ({
      store: storeName.parse(store),
      state,
      proof: verdict === null || at === null ? null : { verdict, at },
    })),
  };
}
