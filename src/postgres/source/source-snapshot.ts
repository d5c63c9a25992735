import { append } from "../../base/append.ts";
import { Measure, type Measured } from "../../base/digest.ts";
import { Failure } from "../../base/failure.ts";
import { abortFailure, stillWaiting, type Waiting } from "../../base/waiting.ts";
import type { Fingerprint } from "../../model/fingerprint.ts";
import { largeObjectBytes } from "./large-object-stream.ts";
import { measureSource, readSource, type SourceReadings } from "./measure-source.ts";
import { estimatedBytesOf, type Opened } from "./opened.ts";
import { assertInPlace } from "./readers.ts";
import type { RowPlan } from "./row-plan.ts";
import { rowBytes, tableFingerprint, type ReadSlice } from "./row-streams.ts";
import type { Session } from "../session/session.ts";
import { assertExactText } from "../session/settings.ts";
import type { SnapshotLife } from "./snapshot-life.ts";
import type { PlainStream, Snapshot } from "./snapshot.ts";

interface SizedStream {
  readonly size: number;
  readonly stream: PlainStream;
}

const schemaStream = "schema";
const largeObjectStream = "large-objects";

export class SourceSnapshot implements Snapshot {
  readonly at: Date;
  readonly estimatedBytes: number;
  readonly #opened: Opened;
  readonly #life: SnapshotLife;
  readonly #made: AsyncDisposableStack;
  readonly #unread = new Set<string>();
  readonly #reads: ReadSlice[] = [];
  /** Of each stream that was read to its end. */
  readonly #measured = new Map<string, Measured>();
  #isStreaming = false;
  #readings: Promise<SourceReadings> | null = null;
  #largeObjects: Fingerprint["largeObjects"] = { stream: null, count: 0, bytes: 0, sha256: null };

  constructor(opened: Opened, life: SnapshotLife, made: AsyncDisposableStack) {
    this.#opened = opened;
    this.#life = life;
    this.#made = made;
    this.at = opened.holder.at;
    this.estimatedBytes = estimatedBytesOf(opened);
  }

  /**
   * The schema comes behind as many streams as are read at once, so that nobody waits for pg_dump before reading
   * rows. It has run since the snapshot was taken, and what it stumbles over ends everything before hours of rows.
   */
  async *streams(wait: Waiting): AsyncGenerator<PlainStream> {
    if (this.#isStreaming)
      throw new Failure("internal/bug", "the streams of a snapshot can be asked for once");
    this.#isStreaming = true;
    stillWaiting(wait);
    const onAbort = (): void => {
      this.#life.fail(abortFailure(wait.signal));
    };
    wait.signal.addEventListener("abort", onAbort, { signal: this.#life.wait.signal });
    const streams = this.#plan();
    for (const { id } of streams) this.#unread.add(id);
    this.#readings = readSource(this.#opened);
    this.#life.beside(this.#readings);
    yield* streams;
  }

  async fingerprint(wait: Waiting): Promise<Fingerprint> {
    stillWaiting(wait);
    stillWaiting(this.#life.wait);
    const readings = this.#readings;
    if (readings === null || this.#unread.size > 0) {
      throw new Failure(
        "internal/bug",
        "a fingerprint was asked for before every stream had been read to its end",
      );
    }
    const { holder, readers, programs } = this.#opened;
    const archive = await this.#opened.archive;
    const reads = Map.groupBy(this.#reads, ({ oid }) => oid);
    const measured = {
      tables: this.#opened.tables.map((table) => tableFingerprint(table, reads.get(table.oid) ?? [])),
      schema: {
        stream: schemaStream,
        text: await archive.text,
        archive: archive.measured,
        pgDumpVersion: programs.version,
      },
      largeObjects: this.#largeObjects,
    };
    const fingerprint = measureSource(this.#opened, measured, await readings, archive.toc);
    await assertInPlace(holder.session, holder.tables);
    await assertExactText(holder.session);
    await readers.finish();
    await holder.session.query("commit");
    return fingerprint;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#life[Symbol.dispose]();
    await this.#made.disposeAsync();
  }

  #plan(): PlainStream[] {
    const { plans, largeObjects } = this.#opened;
    const rows = plans.map((plan): SizedStream => {
      const bytes = this.#withReader((session) => this.#rows(session, plan));
      return { size: plan.bytes, stream: this.#stream(plan.id, "rows", titleOf(plan), bytes) };
    });
    const objects = {
      size: largeObjects.estimatedBytes,
      stream: this.#stream(
        largeObjectStream,
        "large-objects",
        "large objects",
        this.#withReader((session) => this.#objects(session)),
      ),
    };
    const sized = [...rows, ...(largeObjects.choice === null ? [] : [objects])].sort(
      (a, b) => b.size - a.size,
    );
    const schema = this.#stream(schemaStream, "schema", "schema", this.#schema());
    return sized.map(({ stream }) => stream).toSpliced(this.#opened.readsAtOnce, 0, schema);
  }

  #stream(
    id: string,
    content: PlainStream["content"],
    title: string,
    bytes: AsyncIterable<Buffer>,
  ): PlainStream {
    const measured = (): Measured => {
      const found = this.#measured.get(id);
      if (found === undefined) throw new Failure("internal/bug", `stream ${id} was measured before its end`);
      return found;
    };
    return { id, content, title, bytes: this.#whole(id, bytes), measured };
  }

  /** Marks the stream as read once it has ended well; anything else ends the whole snapshot. */
  async *#whole(id: string, bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    let isRead = false;
    try {
      yield* bytes;
      stillWaiting(this.#life.wait);
      this.#unread.delete(id);
      isRead = true;
    } catch (error) {
      this.#life.fail(error);
      throw abortFailure(this.#life.wait.signal);
    } finally {
      if (!isRead) this.#life.fail(new Failure("wait/cancelled", `stream ${id} was not read to its end`));
    }
  }

  async *#withReader(read: (session: Session) => AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
    const { session, giveBack } = await this.#opened.readers.lend();
    yield* read(session);
    giveBack();
  }

  /** What one COPY gave is a stream that is measured already. */
  async *#rows(session: Session, plan: RowPlan): AsyncGenerator<Buffer> {
    const { encoding, holder, present } = this.#opened;
    const source = { encoding, standby: holder.standby, present };
    const reads: ReadSlice[] = [];
    const bytes = rowBytes(session, plan, source, (read) => {
      reads.push(read);
    });
    if (plan.kind === "slice" || plan.tables.length === 1) {
      yield* bytes;
      this.#measured.set(plan.id, reads[0]?.slice ?? new Measure().finish());
    } else {
      this.#measured.set(plan.id, yield* measuring(bytes));
    }
    append(this.#reads, reads);
  }

  async *#objects(session: Session): AsyncGenerator<Buffer> {
    const { choice } = this.#opened.largeObjects;
    if (choice === null) return;
    let count = 0;
    const bytes = largeObjectBytes(session, choice, (objects) => {
      count = objects;
    });
    const measured = yield* measuring(bytes);
    this.#measured.set(largeObjectStream, measured);
    this.#largeObjects = { stream: largeObjectStream, count, ...measured };
  }

  async *#schema(): AsyncGenerator<Buffer> {
    const { parts, measured } = await this.#opened.archive;
    this.#measured.set(schemaStream, measured);
    yield* parts();
  }
}

/** The same bytes; returns what they measured. */
async function* measuring(bytes: AsyncIterable<Buffer>): AsyncGenerator<Buffer, Measured> {
  const measure = new Measure();
  for await (const part of bytes) {
    measure.update(part);
    yield part;
  }
  return measure.finish();
}

function titleOf(plan: RowPlan): string {
  if (plan.kind === "slice") {
    const { from, to } = plan.range;
    return `${plan.table.schema}.${plan.table.name} from block ${String(from)}${to === null ? "" : ` to ${String(to)}`}`;
  }
  const [first] = plan.tables;
  return first !== undefined && plan.tables.length === 1
    ? `${first.schema}.${first.name}`
    : `${String(plan.tables.length)} tables`;
}
