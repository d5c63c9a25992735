/** A source that fails while it is read ends the backup with the source's own failure; nothing is recorded (promise 3). */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { backup, type BackupDesk, type BackupOrder } from "../../src/backup/backup.ts";
import { backupAll, type SourcedOrder } from "../../src/backup/backup-all.ts";
import { Failure } from "../../src/base/failure.ts";
import { orAbort, type Waiting } from "../../src/base/waiting.ts";
import { sourceName } from "../../src/model/ids.ts";
import type { PlainStream, Snapshot } from "../../src/postgres/source/snapshot.ts";
import { faulty } from "../support/faulty-store.ts";
import { recordsIn } from "../support/copy-reader.ts";
import {
  buildHouse,
  emptyFingerprint,
  type House,
  never,
  plainStream,
  rows,
} from "../support/repository-fixture.ts";
import { memoryStore, type MemoryStore } from "../support/memory-store.ts";

let house: House;
let disk: MemoryStore;
const events: string[] = [];

beforeAll(async () => {
  house = await buildHouse();
});
afterAll(async () => {
  await house[Symbol.asyncDispose]();
});
beforeEach(() => {
  disk = memoryStore("dubai", house.clock);
  events.length = 0;
});

function desk(): BackupDesk {
  return {
    workshop: house.workshop,

    watch: {
      opened: () => events.push("opened"),
      reading: (_order, title) => events.push(`reading ${title}`),
      read: () => undefined,
      ended: () => events.push("ended"),
      startingAnew: () => events.push("starting anew"),
    },
  };
}

interface Source {
  readonly streams: (wait: Waiting) => readonly PlainStream[];
  readonly fingerprint?: () => Promise<never>;
  readonly at?: Date;
}

function orderOf({ streams, fingerprint, at }: Source, changes: Partial<BackupOrder> = {}): BackupOrder {
  return {
    ...house.order([disk]),
    jobs: 2,
    environment: {},
    openSnapshot: async (): Promise<Snapshot> => ({
      at: at ?? house.clock.now(),
      estimatedBytes: 0,
      async *streams(wait) {
        yield* streams(wait);
      },
      fingerprint: fingerprint ?? (async () => emptyFingerprint(house.clock.now())),
      [Symbol.asyncDispose]: async () => {
        events.push("closed");
      },
    }),
    ...changes,
  };
}

async function* breaksAfter(text: string, failure: Failure): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
  throw failure;
}

/** A source that says nothing more until the wait ends. */
async function* silent(wait: Waiting): AsyncGenerator<Uint8Array> {
  yield Buffer.from("a row\n");
  await orAbort(new Promise<never>(() => undefined), wait);
}

const lost = new Failure("source/lost", "the connection broke");

function stream(id: string, bytes: AsyncIterable<Uint8Array>): PlainStream {
  return { ...plainStream(id, ""), bytes };
}

describe("a source", () => {
  it("that is read to its end well is backed up and closed", async () => {
    const report = await backup(
      desk(),
      orderOf({ streams: () => [plainStream("a", "1\n"), plainStream("b", "2\n")] }),
      "daily",
      never,
    );
    expect(report).toMatchObject({
      tenant: "acme",
      kind: "daily",
      state: "complete",
      plainBytes: 4,
      copies: { dubai: { state: "present" } },
    });
    expect(events).toEqual(["opened", "reading a", "reading b", "closed", "ended"]);
  });

  it("that breaks in the middle of a stream ends the backup, and other streams with it", async () => {
    const source: Source = {
      streams: (wait) => [
        stream("hangs", silent(wait)),
        stream("breaks", breaksAfter(rows(1, 3_000_000), lost)),
      ],
    };
    await expect(backup(desk(), orderOf(source), "manual", never)).rejects.toBe(lost);
    expect(recordsIn(disk)).toEqual([]);
    expect(events.slice(-2)).toEqual(["closed", "ended"]);
  });

  it("that cannot be read ends the asking of a store that does not answer", async () => {
    const store = faulty(disk);
    store.every("read").takes(new Promise(() => undefined));
    const order = { ...house.order([store]), jobs: 2, environment: {} };
    const openSnapshot = (): Promise<never> => Promise.reject(lost);
    await expect(backup(desk(), { ...order, openSnapshot }, "manual", never)).rejects.toBe(lost);
  });

  it("is let go when too few stores can hold the backup", async () => {
    const store = faulty(disk);
    store.every("read").failsWith("store/unreachable");
    const order = { ...orderOf({ streams: () => [] }), ...house.order([store]) };
    await expect(backup(desk(), order, "manual", never)).rejects.toMatchObject({ code: "store/quorum" });
    expect(events).toEqual(["closed", "ended"]);
  });

  it("whose snapshot turns out lost at the end ends the backup", async () => {
    const source: Source = {
      streams: () => [plainStream("a", "1\n")],
      fingerprint: () => Promise.reject(lost),
    };
    await expect(backup(desk(), orderOf(source), "manual", never)).rejects.toBe(lost);
    expect(recordsIn(disk)).toEqual([]);
  });

  it("whose clock is ahead is refused before a row is read", async () => {
    const at = new Date(house.clock.now().getTime() + 3_600_000);
    const source: Source = { streams: () => [plainStream("a", "1\n")], at };
    await expect(backup(desk(), orderOf(source), "manual", never)).rejects.toMatchObject({
      code: "source/clock",
    });
    expect(events).toEqual(["closed", "ended"]);
  });

  it("is left as soon as the user cancels, whatever hangs", async () => {
    const controller = new AbortController();
    const source: Source = { streams: (wait) => [stream("hangs", silent(wait))] };
    const watched = desk();
    const cancelling: BackupDesk = {
      ...watched,
      watch: {
        ...watched.watch,
        reading: () => controller.abort(new Failure("wait/cancelled", "cancelled by SIGINT")),
      },
    };
    await expect(backup(cancelling, orderOf(source), "manual", controller)).rejects.toMatchObject({
      code: "wait/cancelled",
    });
    expect(recordsIn(disk)).toEqual([]);
  });
});

describe("stores that fail for good while a source hangs", () => {
  it("end the backup without waiting for the source", async () => {
    const store = faulty(disk);
    await backup(desk(), orderOf({ streams: () => [] }, house.order([store])), "manual", never);
    house.clock.advance(60_000);
    store.every("create", "/chunks/").failsWith("store/full");
    const source: Source = {
      streams: (wait) => [stream("hangs", silent(wait)), plainStream("a", rows(2, 3_000_000))],
    };
    await expect(
      backup(desk(), orderOf(source, house.order([store])), "manual", never),
    ).rejects.toMatchObject({ code: "store/quorum" });
  });
});

describe("several tenants", () => {
  it("are backed up past one that fails, no more at once than their source allows", async () => {
    let atOnce = 0;
    let most = 0;
    const source: Source = { streams: () => [plainStream("a", "1\n")] };
    const orders = [0, 1, 2, 3].map(sourced);
    function sourced(index: number): SourcedOrder {
      const order = orderOf(
        index === 1 ? { streams: () => [stream("breaks", breaksAfter("1\n", lost))] } : source,
      );
      return {
        ...order,
        source: sourceName.parse(index === 3 ? "other" : "erp"),
        sourceWidth: 1,
        openSnapshot: async (wait: Waiting, ready: Promise<unknown>) => {
          if (index !== 3) atOnce += 1;
          most = Math.max(most, atOnce);
          const snapshot = await order.openSnapshot(wait, ready);
          return {
            ...snapshot,
            [Symbol.asyncDispose]: async () => {
              if (index !== 3) atOnce -= 1;
            },
          };
        },
      };
    }
    const outcomes = await backupAll(desk(), orders, "daily", never);
    expect(outcomes.map(({ report }) => report.state)).toEqual([
      "complete",
      "failed",
      "complete",
      "complete",
    ]);
    expect(outcomes[1]?.failure).toBe(lost);
    expect(outcomes[1]?.report).toMatchObject({
      backup: null,
      copies: { dubai: { state: "missing" } },
      error: { code: "source/lost", message: "the connection broke" },
    });
    expect(most).toBe(1);
  });
});
