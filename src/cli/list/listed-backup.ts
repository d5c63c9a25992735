/** A backup as `list` and `show` tell it. */
import type { CopyState } from "../../model/choose.ts";
import type { TenantId } from "../../model/ids.ts";
import type { BackupEntry } from "../../repository/backup-entry.ts";

export interface ListedBackup {
  readonly tenant: TenantId;
  readonly backup: string;
  readonly kind: string;
  readonly at: string;
  readonly plainBytes: number;
  /** Not believed: never restored by itself, never counted. */
  readonly suspect: boolean;
  readonly copies: Readonly<Record<string, CopyState>>;
}

export function listedBackup(tenant: TenantId, entry: BackupEntry): ListedBackup {
  const { backup, kind, at, plainBytes, suspect, copies } = entry;
  return { tenant, backup, kind, at, plainBytes, suspect, copies: Object.fromEntries(copies) };
}

/** Of what is not believed nobody looked at the bytes: by a host whose clock is behind, every good copy is from the future. */
export function copyText({ state, proof }: CopyState, suspect: boolean): string {
  if (suspect && state === "damaged") return "not believed";
  return proof === null ? state : `${state}, ${proof.verdict} ${proof.at}`;
}
