/** A foreign key is checked for every row, along indexes where both tables have them, and else as the server would by itself. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { byPagesAlone } from "../../src/postgres/load/keys/foreign-key-check.ts";
import type { LoadReport } from "../../src/postgres/load/report.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { loadInto } from "../support/loaded.ts";
import { memoryImage } from "../support/memory-image.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";
import { backupOf } from "../support/read-snapshot.ts";

/** The last parent goes behind the back of all keys. */
const kept = `
  create table public.parent (id int primary key, filler text);
  create table public.indexed (id int primary key, parent int not null references public.parent, filler text);
  create table public.bare (id int primary key, parent int references public.parent, filler text);
  create table public.good (id int primary key, parent int references public.parent, filler text);
  insert into public.parent select n, repeat('x', 100) from generate_series(1, 20000) n;
  insert into public.indexed select n, n, repeat('x', 100) from generate_series(1, 20000) n;
  insert into public.bare select * from public.indexed;
  insert into public.good select n, nullif(n, 20000), 'x' from generate_series(1, 20000) n;
  create index on public.indexed (parent);
  create index on public.good (parent);
  set session_replication_role = replica;
  delete from public.parent where id = 20000;
`;

let server: PrivateServer;
let report: LoadReport;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "kept");
  await psql(server, "kept", kept);
  const image = memoryImage(await backupOf(server, "kept"), 65_537);
  report = await loadInto(server, image, { destination: { side: "target", database: "restored" } });
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

/** What the server is asked when a key is made. */
function planOf(
  child: string,
  { database, memory } = { database: "restored", memory: "128MB" },
): Promise<string> {
  const settings = `set local max_parallel_workers_per_gather = 0; set local work_mem = '${memory}';`;
  const query = `select fk.parent from only public.${child} fk left outer join only public.parent pk
      on pk.id operator(pg_catalog.=) fk.parent where pk.id is null and fk.parent is not null`;
  const asked = `begin; ${byPagesAlone} ${settings} explain (costs off) ${query}; commit;`;
  return psql(server, database, asked);
}

describe("a foreign key", () => {
  it("that a row breaks is refused, with an index on it and without", () => {
    const broken = report.problems.map(({ subject, sqlState }) => `${subject} ${sqlState ?? ""}`);
    expect(broken).toEqual([
      expect.stringMatching(/^FK CONSTRAINT public\.(bare|indexed) .* 23503$/),
      expect.stringMatching(/^FK CONSTRAINT public\.(bare|indexed) .* 23503$/),
    ]);
    expect(new Set(broken).size).toBe(2);
  });

  it("that every row keeps is made, and valid", async () => {
    const found =
      "select conrelid::regclass, convalidated from pg_constraint where contype = 'f' and connamespace = 'public'::regnamespace";
    expect(await psql(server, "restored", found)).toBe("good|t");
  });

  it("is looked up along both indexes where there are two, and hashed where one is missing", async () => {
    expect(await planOf("indexed")).toMatch(/^Merge Anti Join\n(?!.*Sort)(.*\n)*.*Index Only Scan/);
    expect(await planOf("bare")).toMatch(/^Hash Anti Join\n(?!.*Sort)/);
  });

  it("is hashed where rows are not known to be seen by all, even beyond what memory holds", async () => {
    const plan = await planOf("indexed", { database: "kept", memory: "64kB" });
    expect(plan).toMatch(/^Hash Anti Join\n(?!.*Sort)/);
  });
});
