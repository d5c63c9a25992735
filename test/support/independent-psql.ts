/**
 * The stock programs of PostgreSQL, for comparisons that share no code with the product: nothing
 * here or in `independent-*.ts` imports from `src/`.
 */
import { spawn } from "node:child_process";
import { join } from "node:path";

/** One database, as the environment of the stock programs names it: PGHOST, PGPORT, PGUSER, PGDATABASE… */
export interface Place {
  readonly binFolder: string;
  readonly environment: Readonly<Record<string, string>>;
}

export type Row = Readonly<Record<string, unknown>>;

/** Settings that make text the same on both sides, whatever database and role say. */
const session = `
  set client_encoding = 'UTF8'; set timezone = 'UTC'; set datestyle = 'ISO, MDY'; set intervalstyle = 'postgres';
  set extra_float_digits = 3; set bytea_output = 'hex'; set lc_monetary = 'C'; set xmloption = 'content';
  set row_security = off; set search_path = pg_catalog; set statement_timeout = 0; set lock_timeout = 0;
`;

/** The rows of every query, in the order of the queries. Each query is wrapped, so that no value can break a line. */
export async function queryAll(place: Place, queries: readonly string[]): Promise<Row[][]> {
  if (queries.length === 0) return [];
  const wrapped = queries.map(
    (query) => `select coalesce(json_agg(to_json(independent)), '[]')::text from (${query}) independent;`,
  );
  const printed = await program(
    place,
    "psql",
    ["-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-f", "-"],
    `${session}\n${wrapped.join("\n")}\n`,
  );
  // json_agg puts a newline between rows, and only there: inside of strings newlines are escaped.
  return printed
    .replaceAll(", \n ", ", ")
    .trimEnd()
    .split("\n")
    .map((line): Row[] => JSON.parse(line));
}

/** What a stock program printed; throws with what it complained of unless it exits 0. */
export async function program(
  place: Place,
  name: string,
  args: readonly string[],
  input: string,
): Promise<string> {
  const child = spawn(join(place.binFolder, name), args, {
    env: { PATH: process.env["PATH"], LC_ALL: "C", ...place.environment },
    stdio: ["pipe", "pipe", "pipe"],
  });
  const said = { out: [] as Buffer[], complaints: [] as Buffer[] };
  child.stdout.on("data", (part: Buffer) => said.out.push(part));
  child.stderr.on("data", (part: Buffer) => said.complaints.push(part));
  // A program that ends before it has read everything is told of by its exit code.
  child.stdin.on("error", () => undefined);
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", resolve);
  });
  if (code !== 0) {
    throw new Error(`${name} ended with ${String(code)}: ${Buffer.concat(said.complaints).toString("utf8")}`);
  }
  return Buffer.concat(said.out).toString("utf8");
}
