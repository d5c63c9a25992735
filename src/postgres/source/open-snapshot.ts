import { allEnded } from "../../base/all-ended.ts";
import { Failure, isFailure } from "../../base/failure.ts";
import { orAbort, type Waiting } from "../../base/waiting.ts";
import { addressOf } from "../session/address.ts";
import { connect } from "../session/connect.ts";
import { hold } from "./holder.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import { chooseLargeObjects } from "./large-object-choice.ts";
import { watchLocks } from "./lock-watch.ts";
import { examinePooler } from "./pooler.ts";
import { assertFit, examineIdentifiers, preflight, sqlAscii } from "./preflight.ts";
import { findPrograms, majorOf, type Programs } from "../server/programs.ts";
import { openReaders } from "./readers.ts";
import { planRows, type ReadTable } from "./row-plan.ts";
import { readSchemaArchive } from "./schema-archive.ts";
import type { Session } from "../session/session.ts";
import { setExactText } from "../session/settings.ts";
import { SnapshotLife, keepAlive } from "./snapshot-life.ts";
import { SourceSnapshot } from "./source-snapshot.ts";
import type { Snapshot, SnapshotOptions, SourceAddress } from "./snapshot.ts";
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
  const { url, scope, ...line } = source;
  const address: ServerAddress = {
    ...addressOf(url),
    database: scope.database,
    ...line,
  };
  await using made = new AsyncDisposableStack();
  const life = made.use(new SnapshotLife(wait));
  life.beside(ready);
  const joining = async (applicationName: string): Promise<Session> =>
    made.use(await connect(address, "source", { applicationName }, life.wait));
  const [watcher, holding] = await allEnded([joining("holdfast watcher"), joining("holdfast holder")]);
  const finding = programsFor(watcher.versionNum, options.binFolders, life.wait);
  // Looked at below, unless something else fails first.
  finding.catch(() => undefined);
  assertFit([await examinePooler(watcher, holding)]);
  await allEnded([setExactText(watcher), setExactText(holding)]);
  const { examined, tables: listed } = await preflight(watcher, { ...options, scope: source.scope });
  assertFit(examined);
  const programs = await finding;
  await orAbort(ready, life.wait);

  life.begin(options.maxAgeMs);
  let holderPid: number | null = null;
  life.beside(watchLocks(watcher, () => holderPid, options.yieldAfterMs, life.wait));
  const request = { ...options, scope: source.scope, lockTimeoutMs: options.yieldAfterMs };
  const held = hold(holding, listed, request, (pid) => (holderPid = pid), life.wait);
  const { versionNum } = watcher;
  const readers = made.use(openReaders({ address, versionNum, held }, life.wait));
  // Should anything fail from here on, the first to end is whatever has just been begun.
  made.use(life);
  life.beside(readers.opened);
  const holder = await held;
  life.beside(keepAlive(holder.session, life.wait));
  const encoding = await encodingOf(holder.session);
  // Before pg_dump, which would stumble over such a name in words of its own.
  if (encoding === sqlAscii) assertFit([await examineIdentifiers(holder.session)]);
  const archive = readSchemaArchive(
    {
      address,
      scope: source.scope,
      programs,
      beside: { session: watcher, holderPid: holder.pid },
      snapshotId: holder.snapshotId,
      lockTimeoutMs: options.yieldAfterMs,
    },
    life.wait,
  );
  life.beside(archive.then(({ text }) => text));

  const details = await describeTables(holder.session, holder.tables);
  const tables = holder.tables.flatMap((table): ReadTable[] => {
    const of = details.get(table.oid);
    return of === undefined ? [] : [{ ...table, ...of }];
  });
  const largeObjects =
    options.largeObjects === "include"
      ? await chooseLargeObjects(holder.session, source.scope)
      : { choice: null, roles: [], omitted: [], estimatedBytes: 0 };
  const plans = planRows(tables, options.sliceBlocks, versionNum >= slicesFrom);
  const toRead = plans.reduce((sum, { bytes }) => sum + bytes, largeObjects.estimatedBytes);
  const readsAtOnce = Math.min(options.jobs, 1 + Math.floor(toRead / bytesPerReader));
  readers.allow(readsAtOnce);
  return new SourceSnapshot(
    {
      address,
      scope: source.scope,
      options,
      programs,
      encoding,
      holder,
      present: watcher,
      readers,
      readsAtOnce,
      tables,
      plans,
      largeObjects,
      archive,
    },
    life,
    made.move(),
  );
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
