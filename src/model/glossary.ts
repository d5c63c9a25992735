/**
 * The words of Holdfast, one per thing, in code, command line, documents and metrics.
 *
 * - **source**: a PostgreSQL server. **tenant**: a database, or a set of schemas in one, on a source.
 * - **plan**: a service tier: schedules, choices, copies, quorum, retention, verification, objectives.
 * - **store**: one bucket or directory in one place. **copy**: a backup as it lies in one store.
 * - **backup**: one consistent snapshot of one tenant. **kind**: why it was made.
 * - **stream**: one ordered run of plaintext bytes. **chunk**: a content-defined piece of a stream.
 * - **object**: a sealed chunk or document in a store. **seal**: zstd, then age. **open**: the reverse.
 * - **manifest**: what is in a backup (encrypted). **inventory**: which objects hold it (public).
 * - **record**: the signed statement that the backup exists, written last.
 * - **fingerprint**: what the source was, measured in the very snapshot that was dumped.
 * - **scratch**: a private throw-away PostgreSQL. **check**: one comparison.
 * - **proof**: the signed result of restoring one copy into scratch, with a verdict.
 * - **latest verified**: the newest backup with a proven copy that policy lets us use.
 */
import { z } from "zod";

export const backupKinds = ["daily", "weekly", "custom", "manual"] as const;
export const backupKind = z.enum(backupKinds);
export type BackupKind = z.infer<typeof backupKind>;

export const verdict = z.enum(["proven", "refuted", "inconclusive"]);
export type Verdict = z.infer<typeof verdict>;

/** What a host is, by the recipient it holds. */
export const roles = ["worker", "verifier", "restorer", "escrow"] as const;
export type Role = (typeof roles)[number];

/** What a signing key may sign. */
export const purposes = ["record", "proof", "key", "removal", "certificate", "audit"] as const;
export const purpose = z.enum(purposes);
export type Purpose = z.infer<typeof purpose>;
