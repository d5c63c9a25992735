/** The verb: one consistent snapshot of one tenant, sealed into every store of its plan. */
import { eachAtOnce } from "../base/limit.ts";
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupKind } from "../model/glossary.ts";
import type { PlainStream, Snapshot } from "../postgres/source/snapshot.ts";
import { begin, type Draft } from "../repository/draft.ts";
import type { DraftOrder, Workshop } from "../repository/draft-state.ts";
import { type BackupReport, reportOf } from "./report.ts";

export interface BackupOrder extends Omit<DraftOrder, "kind"> {
  /** Streams that are read side by side. */
  readonly jobs: number;
  /** Takes it when `ready` has resolved, and rejects when that does; what else there is to do first may be done before. */
  readonly openSnapshot: (wait: Waiting, ready: Promise<unknown>) => Promise<Snapshot>;
  /** Versions of what makes the backup, for the manifest. */
  readonly environment: Readonly<Record<string, string>>;
}

export interface BackupDesk {
  readonly workshop: Workshop;
  readonly watch: BackupWatch;
}

/** What happens while a backup runs, for bars and logs. */
export interface BackupWatch {
  /** The snapshot stands; the estimate may be far off. */
  readonly opened: (order: BackupOrder, estimatedBytes: number) => void;
  readonly reading: (order: BackupOrder, title: string) => void;
  /** Plain bytes more that were read. */
  readonly read: (order: BackupOrder, bytes: number) => void;
  /** No more bytes come of this attempt, however it ended. */
  readonly ended: (order: BackupOrder) => void;
  readonly startingAnew: (order: BackupOrder, reason: string) => void;
}

/** A removal that overtakes two backups of one tenant in a row is no accident. */
const attemptsMax = 2;

/**
 * Resolves with what was done once enough stores hold the whole backup: `degraded` says that some do
 * not. Throws when it does not count: "source/…", "store/quorum", "policy/refused", "wait/cancelled";
 * then no record was written to a quorum of stores, and nothing counts.
 */
export async function backup(
  desk: BackupDesk,
  order: BackupOrder,
  kind: BackupKind,
  wait: Waiting,
): Promise<BackupReport> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await attemptBackup(desk, order, kind, wait);
    } catch (error) {
      if (!isFailure(error, "backup/overtaken") || attempt === attemptsMax) throw error;
      desk.watch.startingAnew(order, error.message);
    } finally {
      desk.watch.ended(order);
    }
  }
}

async function attemptBackup(
  { workshop, watch }: BackupDesk,
  order: BackupOrder,
  kind: BackupKind,
  wait: Waiting,
): Promise<BackupReport> {
  const startedMs = workshop.monotonicMs();
  const { draft, askedAt, opening } = await beginning(order, kind, workshop, wait);
  await using snapshot = await opening;
  const openedAt = workshop.clock.now();
  draft.checkTime({ at: snapshot.at, askedAt, openedAt });
  watch.opened(order, snapshot.estimatedBytes);
  await addStreams(draft, snapshot, order, watch, wait);
  const fingerprint = await snapshot.fingerprint(wait);
  const { at } = snapshot;
  const committed = await draft.commit(
    { at, askedAt, openedAt, fingerprint, environment: order.environment },
    wait,
  );
  return reportOf(
    { tenant: order.tenant, kind },
    committed,
    fingerprint,
    (workshop.monotonicMs() - startedMs) / 1000,
  );
}

/**
 * Stores are asked what they hold while the source is examined. The snapshot is taken when the draft has begun: its
 * locks are not to be held for as long as a store takes that has to be given what it lacks.
 */
async function beginning(
  order: BackupOrder,
  kind: BackupKind,
  workshop: Workshop,
  wait: Waiting,
): Promise<{ readonly draft: Draft; readonly askedAt: Date; readonly opening: Promise<Snapshot> }> {
  const stop = new AbortController();
  const asking = { signal: AbortSignal.any([wait.signal, stop.signal]) };
  const begun = begin({ ...order, kind }, workshop, asking).then((draft) => ({
    draft,
    askedAt: workshop.clock.now(),
  }));
  const opening = order.openSnapshot(wait, begun);
  // A source that is no good is known before many a store has answered.
  opening.catch((error: unknown) => {
    stop.abort(error);
  });
  try {
    return { ...(await begun), opening };
  } catch (error) {
    const [end] = await Promise.allSettled([opening]);
    // A source that does not wait for the stores may have been opened all the same.
    if (end.status === "fulfilled") await end.value[Symbol.asyncDispose]();
    throw error;
  }
}

/** The first stream that fails ends the others at once: they would only burden the source. */
async function addStreams(
  draft: Draft,
  snapshot: Snapshot,
  order: BackupOrder,
  watch: BackupWatch,
  wait: Waiting,
): Promise<void> {
  const stop = new AbortController();
  const together = { signal: AbortSignal.any([wait.signal, stop.signal]) };
  let first: { readonly error: unknown } | undefined;
  try {
    await eachAtOnce(snapshot.streams(together), order.jobs, async (stream) => {
      try {
        watch.reading(order, stream.title);
        const watched = counted(stream, (bytes) => watch.read(order, bytes));
        await draft.addStream(watched, together);
      } catch (error) {
        first ??= { error };
        stop.abort(error);
        throw error;
      }
    });
  } catch (error) {
    throw first === undefined ? error : first.error;
  }
}

function counted(stream: PlainStream, onBytes: (bytes: number) => void): PlainStream {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for await (const part of stream.bytes) {
      onBytes(part.length);
      yield part;
    }
  }
  return { ...stream, bytes: bytes() };
}
