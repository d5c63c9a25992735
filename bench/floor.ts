/** The floor: every table read over two connections by COPY and thrown away. Nobody who reads the rows can be faster. */
import { psql } from "../test/support/postgres-server.ts";
import type { BenchDatabase } from "./bench-database.ts";
import type { Command } from "./measure.ts";

export async function floor(database: BenchDatabase): Promise<Command> {
  const tables = await psql(
    database.server,
    database.name,
    `select format('%I.%I', nspname, relname) from pg_class c join pg_namespace n on n.oid = relnamespace
     where relkind = 'r' and nspname not like 'pg\\_%' and nspname <> 'information_schema' order by pg_table_size(c.oid) desc`,
  );
  const lanes = shareOut(tables.split("\n").filter((table) => table !== ""));
  const reading = lanes.map((lane) => {
    const copies = lane.map((table) => `-c 'copy ${table} to stdout'`).join(" ");
    return `"$PGBIN/psql" -X -q ${copies} >/dev/null & jobs_started="$jobs_started $!"`;
  });
  return {
    script: `jobs_started=''; ${reading.join("\n")}\nfor job in $jobs_started; do wait "$job"; done`,
    environment: { ...database.environment(database.name), PGBIN: database.binFolder },
    writesInto: [],
  };
}

/** In turn, there and back, so that the two largest are not read by one. */
function shareOut(tables: readonly string[]): readonly [string[], string[]] {
  const lanes: [string[], string[]] = [[], []];
  for (const [index, table] of tables.entries())
    lanes[index % 4 === 0 || index % 4 === 3 ? 0 : 1].push(table);
  return lanes;
}
