/** How long the catalog's questions take with a whole fleet in it: 10,000 tenants and 2,000,000 copies. */
import { writeFile } from "node:fs/promises";
import { loadavg } from "node:os";
import { resolve } from "node:path";
import { connectTo, startCatalogServer } from "../test/support/catalog-server.ts";
import { fillFleet, fleetTerms } from "../test/support/fleet-index.ts";
import { psql, testWait } from "../test/support/postgres-server.ts";
import { thisMachine } from "./machine.ts";

interface Timed {
  readonly question: string;
  /** What the server itself took on average, as pg_stat_statements has it. */
  readonly serverMs: number;
  /** The others are what the caller waited for its answer. */
  readonly bestMs: number;
  readonly medianMs: number;
  readonly worstMs: number;
}

const rounds = 15;
const limitMs = 50;

/** Prints a table and writes `bench/results/fleet-catalog.json`; resolves with whether every question kept the limit. */
export async function benchCatalog(
  fleet: { readonly tenants: number; readonly copiesEach: number } = { tenants: 10_000, copiesEach: 200 },
): Promise<boolean> {
  await using server = await startCatalogServer({
    shared_preload_libraries: "pg_stat_statements",
    shared_buffers: "128MB",
  });
  const address = await server.fresh();
  await using catalog = await connectTo(address);
  const { index } = catalog;
  const wait = testWait(1_800_000);
  const filling = performance.now();
  await fillFleet(server.server, address.database, fleet);
  const before = performance.now();
  const terms = fleetTerms(fleet.tenants);
  await index.setTenants(terms, wait);
  const settled = performance.now();
  const ask = (statement: string): Promise<string> => psql(server.server, address.database, statement, wait);
  // As the autovacuum of a server that is kept would have done by the next morning; this one has none.
  await ask("vacuum analyze");
  await ask("checkpoint");
  await ask("create extension pg_stat_statements");
  const load = loadavg()[0] ?? 0;
  const questions: Readonly<Record<string, () => Promise<unknown>>> = {
    health: () => index.health(wait),
    proofsDue: () => index.proofsDue(100, wait),
    healsDue: () => index.healsDue(100, wait),
    healedUnproven: () => index.healedUnproven(100, wait),
    lackingCopies: () => index.lackingCopies(100, wait),
    scrubsDue: () => index.scrubsDue(100, wait),
    stalest: () => index.stalest(100, wait),
    prunesDue: () => index.prunesDue(new Date(), 100, wait),
    "setTenants, nothing changed": () => index.setTenants(terms, wait),
    "backups of one tenant": () => index.backups(terms[0]?.tenant ?? never(), wait),
  };
  const timed: Timed[] = [];
  for (const [question, put] of Object.entries(questions)) timed.push(await time(question, put, ask));
  const figures = {
    ...fleet,
    copies: fleet.tenants * fleet.copiesEach,
    fillSeconds: (before - filling) / 1000,
    firstTermsSeconds: (settled - before) / 1000,
    loadBefore: Math.round(load * 10) / 10,
    limitMs,
    questions: timed,
    machine: thisMachine(server.server.binFolder),
  };
  const file = resolve(import.meta.dirname, "results/fleet-catalog.json");
  await writeFile(file, `${JSON.stringify(figures, null, 2)}\n`);
  console.log(`${String(fleet.tenants)} tenants, ${String(figures.copies)} copies`);
  console.table(timed);
  return timed.every(({ medianMs }) => medianMs < limitMs);
}

async function time(
  question: string,
  put: () => Promise<unknown>,
  ask: (statement: string) => Promise<string>,
): Promise<Timed> {
  await put();
  await ask("select pg_stat_statements_reset()");
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    await put();
    took.push(performance.now() - began);
  }
  const sorted = took.toSorted((one, other) => one - other);
  const tenth = (ms: number | undefined): number => Math.round((ms ?? 0) * 10) / 10;
  // Ours alone name the schema.
  const served = await ask(
    "select sum(total_exec_time) from pg_stat_statements where query like '%holdfast%'",
  );
  return {
    question,
    serverMs: tenth(Number(served) / rounds),
    bestMs: tenth(sorted[0]),
    medianMs: tenth(sorted[Math.floor(rounds / 2)]),
    worstMs: tenth(sorted.at(-1)),
  };
}

function never(): never {
  throw new Error("a fleet has a tenant");
}

if (import.meta.main) process.exitCode = (await benchCatalog()) ? 0 : 1;
