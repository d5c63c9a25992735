/** A source with a fleet of small tenants: most corner cases in one database, with small tables beside them, many times over. */
import { cornerCases } from "../test/corner/corner-cases.ts";
import { cornerServerSettings } from "../test/corner/build-corner-case.ts";
import { sqlOf } from "../test/corner/corner-case.ts";
import type { PrivateServer } from "../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer, testWait } from "../test/support/postgres-server.ts";

export interface SmallTenants extends AsyncDisposable {
  readonly server: PrivateServer;
  /** Databases, each the same as the others but for its name and one table. */
  readonly names: readonly string[];
  readonly tables: number;
  /** Of the heaps of one tenant, with TOAST. */
  readonly bytes: number;
}

/** Those that fit into one database; `columns` holds more than a small tenant does. */
const parts = [
  "partitions",
  "hash-on-enum",
  "inheritance",
  "types",
  "constraints",
  "security",
  "functions",
  "checks-across-tables",
  "derived",
  "names",
  "replication",
  "large-objects",
];

const tablesWanted = 158;
const bytesWanted = 10_000_000;

const settings = { ...cornerServerSettings, shared_buffers: "256MB", max_wal_size: "4GB", jit: "off" };

export async function startSmallTenants(count: number): Promise<SmallTenants> {
  const server = await startTestServer(settings);
  try {
    await psql(server, "postgres", sqlOf("roles.sql"));
    await createDatabase(server, "small", "template template0 encoding 'UTF8' lc_collate 'C' lc_ctype 'C'");
    for (const corner of cornerCases.filter(({ name }) => parts.includes(name)))
      await psql(server, "small", corner.sql());
    await fill(server);
    const [tables, bytes] = (await psql(server, "small", measuring)).split("|").map(Number);
    const names = Array.from({ length: count }, (_, n) => `tenant${String(n + 1).padStart(4, "0")}`);
    for (const name of names) {
      await psql(server, "postgres", `create database ${name} template small`, testWait());
      await psql(server, name, `create table public.about as select '${name}' as name`);
    }
    await psql(server, "postgres", "drop database small");
    await psql(server, "postgres", "checkpoint", testWait());
    return {
      server,
      names,
      tables: (tables ?? 0) + 1,
      bytes: bytes ?? 0,
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  } catch (error) {
    await server[Symbol.asyncDispose]();
    throw error;
  }
}

const measuring = `select count(*), sum(pg_table_size(oid)) from pg_class where relkind = 'r' and oid >= 16384`;

/** Plain tables of an application, up to the size that is wanted. */
async function fill(server: PrivateServer): Promise<void> {
  const [tables = 0, bytes = 0] = (await psql(server, "small", measuring)).split("|").map(Number);
  const more = tablesWanted - tables - 1;
  const rows = Math.round((bytesWanted - bytes) / more / 190);
  await psql(
    server,
    "small",
    `create schema shop;
     select format('create table shop.t%s (id int primary key, code text not null, note text, amount numeric(12,2), at timestamptz)', n)
       from generate_series(1, ${String(more)}) n \\gexec
     select format('insert into shop.t%s select k, md5((k * %s)::text), repeat(md5((k + %s)::text), 3), k * 1.37, timestamptz ''2026-01-01'' + k * interval ''7 minutes'' from generate_series(1, ${String(rows)}) k', n, n, n)
       from generate_series(1, ${String(more)}) n \\gexec
     select format('create index on shop.t%s (code)', n) from generate_series(1, ${String(more)}) n \\gexec
     vacuum (freeze, analyze);`,
  );
}
