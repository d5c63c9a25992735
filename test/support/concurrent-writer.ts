/**
 * Somebody who keeps working in a database while it is backed up. What a backup holds of it must be
 * one moment: every booking stands in two tables that always agree, in one transaction or not at all.
 */
import { Chooser } from "./chooser.ts";
import { program, queryAll, type Place } from "./independent-psql.ts";
import { PsqlSession } from "./psql-session.ts";

/** Where the writer works; comparisons of the rest of the database ignore it. */
export const writerSchema = "concurrent_writer";

export interface WriterOptions {
  /** The same seed does the same things, in the same order. */
  readonly seed: number;
  /** Also truncates and fills again, and rewrites tables: what a snapshot taken before the locks would lose. */
  readonly rewrites?: boolean;
}

export interface Written {
  readonly transactions: number;
  readonly rows: number;
}

export interface ConcurrentWriter extends AsyncDisposable {
  /** How much was committed since the writer started; grows until `stop`. */
  written(): Written;
  /** Resolves once `transactions` more have been committed than when it was called. */
  progress(transactions: number): Promise<void>;
  /** Ends the writer after the transaction at hand; throws what stopped it before, or if it never wrote. */
  stop(): Promise<Written>;
}

const setUp = `
  create schema if not exists ${writerSchema};
  create table if not exists ${writerSchema}.booking (id bigint primary key, amount numeric not null, memo text) with (fillfactor = 80);
  create table if not exists ${writerSchema}.mirror (id bigint primary key, amount numeric not null, memo text);
  create table if not exists ${writerSchema}.total (one boolean primary key default true check (one), bookings bigint not null, amount numeric not null);
  insert into ${writerSchema}.total (bookings, amount) values (0, 0) on conflict do nothing;
`;

/** Starts to write in the database and resolves when the first transaction has been committed. */
export async function startWriter(where: Place, options: WriterOptions): Promise<ConcurrentWriter> {
  // A database may say that its sessions only read; the writer is not among them.
  const place = {
    ...where,
    environment: { ...where.environment, PGOPTIONS: "-c default_transaction_read_only=off" },
  };
  await program(place, "psql", ["-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"], setUp);
  const [booked = []] = await queryAll(place, [
    `select coalesce(max(id), 0) as id from ${writerSchema}.booking`,
  ]);
  const writer = new Writer(place, options, Number(booked[0]?.["id"]) + 1);
  await writer.progress(1);
  return writer;
}

/** What is wrong with the writer's tables, in words; empty when they are of one moment. */
export async function writerDisagreements(place: Place): Promise<string[]> {
  const [found = []] = await queryAll(place, [
    `select (select count(*) from ${writerSchema}.booking b full join ${writerSchema}.mirror m using (id)
         where b.amount is distinct from m.amount or b.memo is distinct from m.memo) as unlike,
       (select count(*) from ${writerSchema}.booking) - (select bookings from ${writerSchema}.total) as bookings,
       (select coalesce(sum(amount), 0) from ${writerSchema}.mirror) - (select amount from ${writerSchema}.total) as amount`,
  ]);
  const row = found[0] ?? {};
  return Object.entries(row).flatMap(([what, by]) => (Number(by) === 0 ? [] : [`${what} by ${String(by)}`]));
}

const usual = ["insert", "insert", "insert", "update", "update", "delete"] as const;
type Kind = (typeof usual)[number] | "rewrite" | "truncate";

class Writer implements ConcurrentWriter {
  readonly #session: PsqlSession;
  readonly #chooser: Chooser;
  readonly #rewrites: boolean;
  readonly #work: Promise<void>;
  readonly #waiting: {
    readonly at: number;
    readonly resolve: () => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  #stopped = false;
  #ended: { readonly error: unknown } | null = null;
  #nextId: number;
  #transactions = 0;
  #rows = 0;

  constructor(place: Place, { seed, rewrites = false }: WriterOptions, firstId: number) {
    this.#nextId = firstId;
    this.#session = new PsqlSession(place);
    this.#chooser = new Chooser(seed);
    this.#rewrites = rewrites;
    this.#work = this.#write();
    this.#work.then(
      () => this.#end(new Error("the writer was stopped")),
      (error: unknown) => this.#end(error),
    );
  }

  written(): Written {
    return { transactions: this.#transactions, rows: this.#rows };
  }

  progress(transactions: number): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      if (this.#ended !== null) reject(this.#ended.error);
      else this.#waiting.push({ at: this.#transactions + transactions, resolve, reject });
    });
  }

  async stop(): Promise<Written> {
    this.#stopped = true;
    try {
      await this.#work;
    } finally {
      await this.#session.close();
    }
    if (this.#rows === 0) throw new Error("the concurrent writer wrote nothing, so that nothing was tested");
    return this.written();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    await Promise.allSettled([this.#work]);
    await this.#session.close();
  }

  async #write(): Promise<void> {
    while (!this.#stopped) {
      const rows = await this.#session.run(this.#transaction());
      this.#transactions += 1;
      this.#rows += rows;
      for (const one of this.#waiting.filter(({ at }) => at <= this.#transactions)) one.resolve();
      this.#waiting.splice(0, Infinity, ...this.#waiting.filter(({ at }) => at > this.#transactions));
    }
  }

  #end(error: unknown): void {
    this.#ended = { error };
    for (const one of this.#waiting.splice(0)) one.reject(error);
  }

  /** One transaction's statements, which leave both tables and the total in agreement. */
  #transaction(): string {
    const seat = String(this.#chooser.below(7));
    const both = (statement: (table: string) => string): string =>
      `${statement(`${writerSchema}.booking`)}; ${statement(`${writerSchema}.mirror`)};`;
    const total = `update ${writerSchema}.total set bookings = (select count(*) from ${writerSchema}.booking),
      amount = (select coalesce(sum(amount), 0) from ${writerSchema}.booking);`;
    switch (this.#kind()) {
      case "update":
        return (
          both(
            (table) => `update ${table} set amount = amount + 1, memo = memo || 'u' where id % 7 = ${seat}`,
          ) + total
        );
      case "delete":
        return both((table) => `delete from ${table} where id % 7 = ${seat} and id % 3 = 0`) + total;
      case "rewrite":
        return (
          both((table) => `alter table ${table} alter column amount type numeric using amount + 0`) +
          this.#insert(both) +
          total
        );
      case "truncate":
        return `truncate ${writerSchema}.booking, ${writerSchema}.mirror;` + this.#insert(both) + total;
      case "insert":
        return this.#insert(both) + total;
    }
  }

  #kind(): Kind {
    const kinds = this.#rewrites ? ([...usual, "rewrite", "truncate"] as const) : usual;
    return kinds[this.#chooser.below(kinds.length)] ?? "insert";
  }

  #insert(both: (statement: (table: string) => string) => string): string {
    const count = 1 + this.#chooser.below(40);
    const from = this.#nextId;
    this.#nextId += count;
    const width = String(this.#chooser.below(900));
    return both(
      (table) =>
        `insert into ${table} select n, n * 1.5, repeat('w', (n * 31 % (1 + ${width}))::int) from generate_series(${String(from)}, ${String(from + count - 1)}) n`,
    );
  }
}
