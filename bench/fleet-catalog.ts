/** How long the catalog's questions take with a whole fleet in it: 10,000 tenants and 2,000,000 copies. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { connectTo, startCatalogServer } from "../test/support/catalog-server.ts";
import { fillFleet, fleetTerms } from "../test/support/fleet-index.ts";
import { testWait } from "../test/support/postgres-server.ts";
import { thisMachine } from "./machine.ts";

interface Timed {
  readonly question: string;
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
  await using server = await startCatalogServer();
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
  const questions: Readonly<Record<string, () => Promise<unknown>>> = {
    health: () => index.health(wait),
    proofsDue: () => index.proofsDue(100, wait),
    lackingCopies: () => index.lackingCopies(100, wait),
    scrubsDue: () => index.scrubsDue(100, wait),
    stalest: () => index.stalest(100, wait),
    prunesDue: () => index.prunesDue(new Date(), 100, wait),
    "setTenants, nothing changed": () => index.setTenants(terms, wait),
    "backups of one tenant": () => index.backups(terms[0]?.tenant ?? never(), wait),
  };
  const timed: Timed[] = [];
  for (const [question, ask] of Object.entries(questions)) timed.push(await time(question, ask));
  const figures = {
    ...fleet,
    copies: fleet.tenants * fleet.copiesEach,
    fillSeconds: (before - filling) / 1000,
    firstTermsSeconds: (settled - before) / 1000,
    limitMs,
    questions: timed,
    machine: thisMachine(server.server.binFolder),
  };
  const file = resolve(import.meta.dirname, "results/fleet-catalog.json");
  await writeFile(file, `${JSON.stringify(figures, null, 2)}\n`);
  console.log(`${String(fleet.tenants)} tenants, ${String(figures.copies)} copies`);
  console.table(timed);
  return timed.every(({ question, medianMs }) => question.startsWith("setTenants") || medianMs < limitMs);
}

async function time(question: string, ask: () => Promise<unknown>): Promise<Timed> {
  await ask();
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const began = performance.now();
    await ask();
    took.push(performance.now() - began);
  }
  const sorted = took.toSorted((one, other) => one - other);
  const tenth = (ms: number | undefined): number => Math.round((ms ?? 0) * 10) / 10;
  return {
    question,
    bestMs: tenth(sorted[0]),
    medianMs: tenth(sorted[Math.floor(rounds / 2)]),
    worstMs: tenth(sorted.at(-1)),
  };
}

function never(): never {
  throw new Error("a fleet has a tenant");
}

if (import.meta.main) process.exitCode = (await benchCatalog()) ? 0 : 1;
