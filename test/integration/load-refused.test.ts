/** Rows that the server refuses in the middle of a large part are loaded after the others, and nobody reads the memory of that part any more. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { release } from "../../src/base/release.ts";
import type { Image } from "../../src/postgres/image.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { addressOf } from "../../src/postgres/session/address.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import { sqlStateOf } from "../../src/postgres/session/errors.ts";
import { loadInto, startScratch } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer, testWait, urlOf } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";

/** Memory of this size is always the system's own to give and to take: whoever reads it afterwards fails. */
const lentBytes = 40 * 1024 * 1024;

/** As opened chunks come: each in memory of its own, which is gone as soon as the reader asks for more or leaves. */
async function* lent(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const part of parts) {
    const own = Buffer.allocUnsafeSlow(lentBytes).subarray(0, part.length);
    own.set(part);
    try {
      yield own;
    } finally {
      release(own);
    }
  }
}

const house = `
  create table public.rate (id int primary key);
  create function public.known(int) returns boolean language sql
    as 'select exists (select from public.rate where id = $1)';
  insert into public.rate values (1);
  create table public.bill (rate int check (public.known(rate)), filler text);
  insert into public.bill select 1, repeat(md5(n::text), 25) from generate_series(1, 12000) n;
`;

/** `bill` is large and refused at first, since `rate` is small and comes later; `sum` is large as well and hangs on it. */
const street = `
  create table public.rate (id int primary key);
  create function public.known(int) returns boolean language sql
    as 'select exists (select from public.rate where id = $1)';
  create function public.rates(int) returns bigint language sql immutable
    as 'select count(*) from public.rate where id <= $1';
  insert into public.rate select generate_series(1, 5);
  create table public.bill (id int primary key, rate int check (public.known(rate)), filler text);
  create table public.sum (bill int references public.bill, part int, filler text, primary key (bill, part));
  insert into public.bill select n, 1, repeat(md5(n::text), 25) from generate_series(1, 7000) n;
  insert into public.sum select n, 5, repeat(md5(n::text), 25) from generate_series(1, 6000) n;
  create index on public.sum (public.rates(part));
`;

describe("rows that are refused", () => {
  let source: PrivateServer;

  beforeAll(async () => {
    source = await startTestServer();
    await createDatabase(source, "house");
    await psql(source, "house", house);
    await createDatabase(source, "street");
    await psql(source, "street", street);
  });

  afterAll(async () => {
    await source[Symbol.asyncDispose]();
  });

  it("at first are whole in the end", async () => {
    const whole = memoryImage(await backupOf(source, "house"), 8 * 1024 * 1024);
    const image: Image = { ...whole, read: (...range) => lent(whole.read(...range)) };
    await using scratch = await startScratch();
    const report = await loadInto(scratch, image, { options: { jobs: 1 } });
    expect(report.problems).toEqual([]);
    expect(report.notes).toContain("table public.bill could be loaded only after others");
    const rows = "select count(*), md5(string_agg(filler, ',' order by ctid)) from public.bill";
    expect(await psql(scratch, "restored", rows)).toBe(await psql(source, "house", rows));
  });

  it("have no key made before they are in, nor anything that reads other tables before those are", async () => {
    const image = memoryImage(await backupOf(source, "street"), 8 * 1024 * 1024);
    await using scratch = await startScratch();
    const report = await loadInto(scratch, image, { options: { jobs: 2 } });
    expect(report.problems).toEqual([]);
    expect(report.notes).toContain("table public.bill could be loaded only after others");
    const found = await psql(
      scratch,
      "restored",
      "set enable_seqscan = off; select count(*) from public.sum where public.rates(part) = 5",
    );
    expect(found).toBe("6000");
    const keys =
      "select string_agg(conname, ' ' order by conname) from pg_constraint where contype in ('p', 'f')";
    expect(await psql(scratch, "restored", keys)).toBe(await psql(source, "street", keys));
  });

  it("leave a connection that goes on, part by part and time after time", async () => {
    await using session = await connect(addressOf(urlOf(source, "house")), "target", {}, testWait());
    const row = `${"x".repeat(999)}\n`;
    for (let time = 0; time < 10; time += 1) {
      const parts = [`no number\t${row.repeat(6000)}`, `1\t${row}`].map((text) => Buffer.from(text));
      const copied = session.copyIn("copy public.bill from stdin", lent(ReadableStream.from(parts)));
      expect(sqlStateOf(await copied.catch((error: unknown) => error))).toBe("22P02");
      expect(await session.query("select 1 as one")).toEqual([{ one: 1 }]);
    }
  });

  it("end with their wait, although nobody takes what was written", async () => {
    const ending = new AbortController();
    await using session = await connect(addressOf(urlOf(source, "house")), "target", {}, ending);
    await session.query("create temp table slow (n int check (pg_sleep(60) is not null), t text)");
    const part = Buffer.from(`1\t${"x".repeat(8_000_000)}\n`);
    const row = Buffer.from("1\tx\n");
    async function* parts(): AsyncGenerator<Buffer> {
      yield row;
      setTimeout(() => {
        ending.abort();
      }, 300);
      yield part;
      yield part;
    }
    await expect(session.copyIn("copy slow from stdin", lent(parts()))).rejects.toMatchObject({
      code: "wait/cancelled",
    });
  });
});
