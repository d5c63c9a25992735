/** The private server that the bench runs against, with the bench database in it. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Waiting } from "../src/base/waiting.ts";
import type { PrivateServer } from "../src/postgres/server/private-server.ts";
import {
  createDatabase,
  environmentOf,
  psql,
  startTestServer,
  urlOf,
} from "../test/support/postgres-server.ts";

export interface BenchDatabase extends AsyncDisposable {
  /** For the stock programs. */
  environment(database: string): Record<string, string>;
  url(database: string): string;
  readonly name: string;
  readonly binFolder: string;
  readonly server: PrivateServer;
}

/** A machine of its own for the database would hide what the tools cost it; here both share the cores. */
const settings = { shared_buffers: "256MB", max_wal_size: "4GB", maintenance_work_mem: "128MB", jit: "off" };

/** Beyond this the numbers in erp.sql leave the range of an integer; a larger database holds its big tables several times. */
const scaleMax = 10;

/** The big tables again in a schema of their own, each row a little different, so that no chunk is known already. */
function copyOf(copy: number): string {
  const schema = `copy_${String(copy)}`;
  const mark = `'${schema}'`;
  return `create schema ${schema};
    create table ${schema}.document as
      select id, name || ${mark} as name, body || ${mark}::bytea as body, sha, search from public.document;
    create table ${schema}.entry as select id + 1 as id, posted_at, account, debit, credit, ref, memo || ${mark} as memo from ledger.entry;
    create table ${schema}.invoice_line as
      select invoice_id + 1 as invoice_id, line_no, product_id, qty, unit_price, discount, ${mark} as memo from sales.invoice_line;
    create table ${schema}.movement as select id + 1 as id, product_id, moved_at, qty, ${mark} || lot as lot, location, span from stock.movement;
    create table ${schema}.customer as
      select id + 1 as id, ${mark} || code as code, name, email, phone, country, credit_limit, tags, profile, created_at from sales.customer;
    create index on ${schema}.entry (account, posted_at);`;
}

export async function startBenchDatabase(scale: number): Promise<BenchDatabase> {
  const server = await startTestServer(settings);
  try {
    await createDatabase(server, "bench");
    await runFile(server, "bench", "erp.sql", { scale: Math.min(scale, scaleMax) });
    for (let copy = 2; copy <= scale / scaleMax; copy += 1)
      await psql(server, "bench", copyOf(copy), patient());
    await psql(server, "bench", "vacuum (freeze, analyze)", patient());
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
  return {
    name: "bench",
    server,
    binFolder: server.binFolder,
    environment: (database) => environmentOf(server, database),
    url: (database) => urlOf(server, database),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Filling 4 GB takes its time on a small machine. */
function patient(): Waiting {
  return { signal: AbortSignal.timeout(3_600_000) };
}

/** One working day on the database. */
export async function workOneDay(database: BenchDatabase, scale: number, day: number): Promise<void> {
  await runFile(database.server, database.name, "erp-day.sql", { scale, day });
}

async function runFile(
  server: PrivateServer,
  database: string,
  file: string,
  variables: Readonly<Record<string, number>>,
): Promise<void> {
  const set = Object.entries(variables).map(([name, value]) => `\\set ${name} ${String(value)}\n`);
  await psql(
    server,
    database,
    set.join("") + (await readFile(join(import.meta.dirname, file), "utf8")),
    patient(),
  );
}
