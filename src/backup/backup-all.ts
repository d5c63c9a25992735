/** Several tenants: side by side as far as each source allows; one that fails stops no other. */
import { failureOf, type Failure } from "../base/failure.ts";
import { eachAtOnce } from "../base/limit.ts";
import type { Waiting } from "../base/waiting.ts";
import type { BackupKind } from "../model/glossary.ts";
import type { SourceName } from "../model/ids.ts";
import { backup, type BackupDesk, type BackupOrder } from "./backup.ts";
import { type BackupReport, failedReport } from "./report.ts";

export interface SourcedOrder extends BackupOrder {
  readonly source: SourceName;
  /** Backups of tenants of that source that run at once. */
  readonly sourceWidth: number;
  /** Runs the backup while nobody else works on the tenant, and tells of it whoever keeps books. */
  readonly alone?: (work: () => Promise<BackupReport>) => Promise<BackupReport>;
}

export interface BackupOutcome {
  readonly report: BackupReport;
  /** Null unless the report says `failed`. */
  readonly failure: Failure | null;
}

/** An outcome for every order, in their order. Only a cancelled wait is thrown. */
export async function backupAll(
  desk: BackupDesk,
  orders: readonly SourcedOrder[],
  kind: BackupKind,
  wait: Waiting,
): Promise<readonly BackupOutcome[]> {
  const outcomes = new Map<SourcedOrder, BackupOutcome>();
  const bySource = Map.groupBy(orders, ({ source }) => source);
  await eachAtOnce(bySource.values(), bySource.size, async (ofSource) => {
    await eachAtOnce(ofSource, ofSource[0]?.sourceWidth ?? 1, async (order) => {
      outcomes.set(order, await backupOrTell(desk, order, kind, wait));
    });
  });
  return orders.flatMap((order) => outcomes.get(order) ?? []);
}

async function backupOrTell(
  desk: BackupDesk,
  order: SourcedOrder,
  kind: BackupKind,
  wait: Waiting,
): Promise<BackupOutcome> {
  const startedMs = desk.workshop.monotonicMs();
  try {
    const { alone = (work) => work() } = order;
    return { report: await alone(() => backup(desk, order, kind, wait)), failure: null };
  } catch (error) {
    if (wait.signal.aborted) throw error;
    const failure = failureOf(error);
    const stores = order.shelves.map(({ store }) => store.name);
    const seconds = (desk.workshop.monotonicMs() - startedMs) / 1000;
    return { report: failedReport({ tenant: order.tenant, kind, stores }, failure, seconds), failure };
  }
}
