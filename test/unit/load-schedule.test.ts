/** Entries reach several lanes in an order that neither breaks a dependency nor lets two lanes block each other. */
import { describe, expect, it } from "vitest";
import { Schedule } from "../../src/postgres/load/schedule.ts";
import type { TocEntry } from "../../src/postgres/archive/toc.ts";
import { tocEntry as entry } from "../support/toc-entries.ts";

const rank = ({ desc }: TocEntry): number => (desc === "FK CONSTRAINT" ? 1 : 0);

describe("the schedule of post-data", () => {
  it("lets indexes of one table be built together, and keeps a constraint of it waiting", async () => {
    const table = entry(1, "TABLE", []);
    const posts = [entry(2, "INDEX", [1]), entry(3, "INDEX", [1]), entry(4, "CONSTRAINT", [1])];
    const schedule = new Schedule(posts, [table, ...posts], rank);
    const [first, second] = [await schedule.next(), await schedule.next()];
    expect([first?.dumpId, second?.dumpId]).toEqual([2, 3]);
    const third = schedule.next();
    for (const done of [first, second]) if (done !== null) schedule.done(done);
    expect((await third)?.dumpId).toBe(4);
  });

  it("has indexes attached one after the other, although they are of different tables", async () => {
    const tables = [entry(1, "TABLE", []), entry(2, "TABLE", [])];
    const indexes = [entry(3, "INDEX", [1]), entry(4, "INDEX", [2])];
    const attached = [entry(5, "INDEX ATTACH", [3]), entry(6, "INDEX ATTACH", [4])];
    const schedule = new Schedule(attached, [...tables, ...indexes, ...attached], rank);
    const first = await schedule.next();
    const handedOut: number[] = [];
    const second = schedule.next().then((next) => handedOut.push(next?.dumpId ?? 0));
    await Promise.resolve();
    expect({ first: first?.dumpId, handedOut }).toEqual({ first: 5, handedOut: [] });
    if (first !== null) schedule.done(first);
    await second;
    expect(handedOut).toEqual([6]);
  });

  it("gives out foreign keys after every index, and each after what it depends on", async () => {
    const tables = [entry(1, "TABLE", []), entry(2, "TABLE", [])];
    const posts = [entry(3, "FK CONSTRAINT", [1, 4]), entry(4, "CONSTRAINT", [2]), entry(5, "INDEX", [1])];
    const schedule = new Schedule(posts, [...tables, ...posts], rank);
    const order: number[] = [];
    for (let next = await schedule.next(); next !== null; next = await schedule.next()) {
      order.push(next.dumpId);
      schedule.done(next);
    }
    expect(order).toEqual([4, 5, 3]);
  });

  it("hands out nothing that waits for what was put off, however far, and all else", async () => {
    const tables = [entry(1, "TABLE", []), entry(2, "TABLE", [])];
    const rows = [entry(-1, "TABLE DATA", [1]), entry(-2, "TABLE DATA", [2])];
    const posts = [
      entry(5, "FK CONSTRAINT", [2, 4, -2]),
      entry(4, "CONSTRAINT", [1, -1]),
      entry(3, "INDEX", [2, -2]),
    ];
    const schedule = new Schedule([...posts, ...rows], [...tables, ...posts], () => 0);
    const [one, two] = [await schedule.next(), await schedule.next()];
    expect([one?.dumpId, two?.dumpId]).toEqual([-1, -2]);
    if (one !== null) schedule.putOff(one);
    if (two !== null) schedule.done(two);
    const third = await schedule.next();
    if (third !== null) schedule.done(third);
    expect([third?.dumpId, await schedule.next()]).toEqual([3, null]);
  });

  it("does not stand still where dependencies run in a circle", async () => {
    const posts = [entry(1, "RULE", [2]), entry(2, "RULE", [1])];
    const schedule = new Schedule(posts, posts, rank);
    const first = await schedule.next();
    if (first !== null) schedule.done(first);
    expect([first?.dumpId, (await schedule.next())?.dumpId]).toEqual([1, 2]);
  });

  it("wakes every sleeping lane when it is stopped", async () => {
    const table = entry(1, "TABLE", []);
    const posts = [entry(2, "CONSTRAINT", [1]), entry(3, "CONSTRAINT", [1])];
    const schedule = new Schedule(posts, [table, ...posts], rank);
    await schedule.next();
    const sleeping = schedule.next();
    schedule.stop();
    expect(await sleeping).toBeNull();
  });
});
