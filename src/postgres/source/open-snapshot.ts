import { allEnded } from "../../base/all-ended.ts";
import { Failure, isFailure } from "../../base/failure.ts";
import { orAbort, type Waiting } from "../../base/waiting.ts";
import { addressOf } from "../session/address.ts";
import { connect } from "../session/connect.ts";
import { hold, type Holder } from "./holder.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import type { Scope } from "../../model/fingerprint.ts";
import { chooseLargeObjects } from "./large-object-choice.ts";
import { watchLocks } from "./lock-watch.ts";
import { estimatedBytesOf, type Opened } from "./opened.ts";
import { examinePooler } from "./pooler.ts";
import { assertFit, examineIdentifiers, preflight, sqlAscii } from "./preflight.ts";
import { findPrograms, majorOf, type Programs } from "../server/programs.ts";
import { openReaders } from "./readers.ts";
import { planRows, type ReadTable } from "./row-plan.ts";
import { readSchemaArchive, type SchemaArchive } from "./schema-archive.ts";
import type { Session } from "../session/session.ts";
import { setExactText } from "../session/settings.ts";
import { SnapshotLife, keepAlive } from "./snapshot-life.ts";
import { SourceSnapshot } from "./source-snapshot.ts";
import type { Snapshot, SnapshotOptions, SourceAddress } from "./snapshot.ts";
import type { SourceTable } from "./source-tables.ts";
import { describeTables } from "./table-details.ts";

/** TID range scans, without which every slice would read the whole table. */
const slicesFrom = 140_000;

/** What one session reads about as fast as another one is opened; a small tenant is read by one alone. */
const bytesPerReader = 32 << 20;

/**
 * Takes one consistent snapshot of the tenant. Everything that would make the backup less than whole is
 * looked for first and fails with its own code; after that every table is locked, and from the moment
 * this returns the holder is watched, kept alive and limited in age. Nothing is locked, and no snapshot taken, before
 * `ready` has resolved; when it rejects so does this. That may be hours after the source was examined: tables and
 * names are looked at again behind the locks, and what else has changed, such as rights, ends the backup when it is
 * met, in the words of whatever met it. Dispose it in any case.
 */
export async function openSnapshot(
  source: SourceAddress,
  options: SnapshotOptions,
  wait: Waiting,
  ready: Promise<unknown> = Promise.resolve(),
): Promise<Snapshot> {
  await using made = new AsyncDisposableStack();
  const life = made.use(new SnapshotLife(wait));
  life.beside(ready);
  const examined = await examine(source, options, made, life);
  await orAbort(ready, life.wait);

  life.begin(options.maxAgeMs);
  const held = await lockAndWatch(examined, made, life);
  const { holder, readers } = held;
  const encoding = await encodingOf(holder.session);
  // Before pg_dump, which would stumble over such a name in words of its own.
  if (encoding === sqlAscii) assertFit([await examineIdentifiers(holder.session)]);
  const archive = beginArchive(examined, holder, life);
  const toRead = await chooseWhatToRead(examined, holder);
  const readsAtOnce = Math.min(options.jobs, 1 + Math.floor(estimatedBytesOf(toRead) / bytesPerReader));
  readers.allow(readsAtOnce);
  const { address, scope, programs, watcher } = examined;
  return new SourceSnapshot(
    {
      address,
      scope,
      options,
      programs,
      encoding,
      ...held,
      present: watcher,
      readsAtOnce,
      ...toRead,
      archive,
    },
    life,
    made.move(),
  );
}

/** A source that was found fit, of which nothing is locked yet. */
interface Examined {
  readonly address: ServerAddress;
  readonly scope: Scope;
  readonly options: SnapshotOptions;
  /** Sees the catalogs as they are now, and whom the holder blocks. */
  readonly watcher: Session;
  /** Will take the locks, and the snapshot behind them. */
  readonly holding: Session;
  readonly listed: readonly SourceTable[];
  readonly programs: Programs;
}

/** Opens the two sessions that every snapshot has, and looks for all that would make the backup less than whole. */
async function examine(
  source: SourceAddress,
  options: SnapshotOptions,
  made: AsyncDisposableStack,
  life: SnapshotLife,
): Promise<Examined> {
  const { url, scope, ...line } = source;
  const address: ServerAddress = { ...addressOf(url), database: scope.database, ...line };
  const joining = async (applicationName: string): Promise<Session> =>
    made.use(await connect(address, "source", { applicationName }, life.wait));
  const [watcher, holding] = await allEnded([joining("holdfast watcher"), joining("holdfast holder")]);
  const finding = programsFor(watcher.versionNum, options.binFolders, life.wait);
  // Looked at below, unless something else fails first.
  finding.catch(() => undefined);
  assertFit([await examinePooler(watcher, holding)]);
  await allEnded([setExactText(watcher), setExactText(holding)]);
  const { examined, tables: listed } = await preflight(watcher, { ...options, scope });
  assertFit(examined);
  return { address, scope, options, watcher, holding, listed, programs: await finding };
}

/** From here on others may wait for us, so that whom the holder blocks is looked at before its first lock is asked for. */
async function lockAndWatch(
  { address, scope, options, watcher, holding, listed }: Examined,
  made: AsyncDisposableStack,
  life: SnapshotLife,
): Promise<Pick<Opened, "holder" | "readers">> {
  let holderPid: number | null = null;
  life.beside(watchLocks(watcher, () => holderPid, options.yieldAfterMs, life.wait));
  const request = { ...options, scope, listed, lockTimeoutMs: options.yieldAfterMs };
  const held = hold(holding, request, (pid) => (holderPid = pid), life.wait);
  const readers = made.use(openReaders({ address, versionNum: watcher.versionNum, held }, life.wait));
  // Should anything fail from here on, the first to end is whatever has just been begun.
  made.use(life);
  life.beside(readers.opened);
  const holder = await held;
  life.beside(keepAlive(holder.session, life.wait));
  return { holder, readers };
}

/** Not waited for here: pg_dump runs while rows are read. */
function beginArchive(
  { address, scope, options, watcher, programs }: Examined,
  holder: Holder,
  life: SnapshotLife,
): Promise<SchemaArchive> {
  const archive = readSchemaArchive(
    {
      address,
      scope,
      programs,
      beside: { session: watcher, holderPid: holder.pid },
      snapshotId: holder.snapshotId,
      lockTimeoutMs: options.yieldAfterMs,
    },
    life.wait,
  );
  life.beside(archive.then(({ text }) => text));
  return archive;
}

type ToRead = Pick<Opened, "tables" | "plans" | "largeObjects">;

async function chooseWhatToRead(
  { scope, options, watcher }: Examined,
  { session, tables: locked }: Holder,
): Promise<ToRead> {
  const details = await describeTables(session, locked);
  const tables = locked.flatMap((table): ReadTable[] => {
    const of = details.get(table.oid);
    return of === undefined ? [] : [{ ...table, ...of }];
  });
  const largeObjects =
    options.largeObjects === "include"
      ? await chooseLargeObjects(session, scope)
      : { choice: null, roles: [], omitted: [], estimatedBytes: 0 };
  return {
    tables,
    plans: planRows(tables, options.sliceBlocks, watcher.versionNum >= slicesFrom),
    largeObjects,
  };
}

/** Of the source's own major version, so that scratch can be as well (trap 21). */
async function programsFor(versionNum: number, folders: readonly string[], wait: Waiting): Promise<Programs> {
  try {
    return await findPrograms(folders, majorOf(versionNum), wait);
  } catch (error) {
    if (!isFailure(error, "program/missing")) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new Failure("source/version", `no pg_dump fits the source: ${error.message}`, {
      cause: error,
      ...hint,
    });
  }
}

async function encodingOf(session: Session): Promise<string> {
  const [row] = await session.query<{ encoding: string }>(
    "select pg_catalog.current_setting('server_encoding') as encoding",
  );
  return row?.encoding ?? "UTF8";
}
