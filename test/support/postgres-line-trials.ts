/**
 * A backup from, and a restore to, a real PostgreSQL server over a line that goes wrong at one of the moments of
 * the verb: what became of it, what it left in the stores and on the server, and whether it can be done afterwards.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { brokenBy, folderBodies } from "./check-promises.ts";
import { recordsIn } from "./copy-reader.ts";
import { unopened } from "./open-by-stock-tools.ts";
import { restoreByHand } from "./restore-by-hand.ts";
import { differences } from "./independent-comparison.ts";
import { placeOf } from "./independent-place.ts";
import type { SaidHere } from "./holdfast-here.ts";
import { canary, createLedger, ledgerDigests } from "./ledger.ts";
import { psql, startTestServer, urlOf } from "./postgres-server.ts";
import { breaks, type Fault, opening, type Saying, type When } from "./proxy-fault.ts";
import { postgresAt, type Proxy, startProxy } from "./proxy.ts";
import { tenantHome, type TenantHome } from "./tenant-home.ts";
import { until } from "./until.ts";

export type PostgresVerb = "backup" | "restore";

/** What is said on the line at moments of a verb, and how many times before it counts. */
interface Moment {
  readonly saying: Saying;
  readonly skip?: number;
  /** pg_dump may be at work then. */
  readonly besideDump?: true;
}
type Moments = Readonly<Record<string, Moment>>;

export const moments: Readonly<Record<PostgresVerb, Moments>> = {
  backup: {
    "as it connects": { saying: opening },
    "as its holder connects": { saying: "holdfast holder" },
    "as it logs in": { saying: "SCRAM-SHA-256" },
    "in the preflight": { saying: "max_locks_per_transaction" },
    "as tables are locked": { saying: /lock table only .* share mode\0$/s },
    "as the snapshot is exported": { saying: "pg_export_snapshot" },
    "as pg_dump connects": { saying: "holdfast dump", besideDump: true },
    "as pg_dump reads": { saying: "tableoid, oid, oprname", besideDump: true },
    "as a reader takes up the snapshot": { saying: /^Q.*set transaction snapshot/s },
    "in the middle of rows": { saying: 'copy "public"."ledger"' },
    "in the readings": { saying: /with\s+space as/, besideDump: true },
    "as the last settings are read": { saying: "from unnest($1::text[]) as name", skip: 3 },
    "at commit": { saying: /^Q.{4}commit/s },
    "at the holder's commit": { saying: /^Q.{4}commit/s, skip: 1 },
  },
  restore: {
    "as it connects": { saying: opening },
    "as the target is looked at": { saying: "pg_available_extension_versions" },
    "as its login is made": { saying: "create role" },
    "as the database is made": { saying: "create database" },
    "as the load is marked": { saying: "comment on role" },
    "as the schema is loaded": { saying: "CREATE TABLE" },
    "as rows are announced": { saying: "from stdin" },
    "in the middle of rows": { saying: /^d.*\t/s },
    "as rows are committed": { saying: /^Q.{4}commit/s },
    "as keys are made": { saying: "ADD CONSTRAINT" },
    "as statistics are made": { saying: "analyze public" },
    "as owners are given": { saying: "owner to", skip: 2 },
    "as its login is retired": { saying: "drop owned by" },
    "at its last statement": { saying: "grant all on database" },
    "as its login is dropped": { saying: "drop role" },
    "as it begins to compare": { saying: "holdfast compare" },
    "as catalogs are compared": { saying: /with\s+space as/ },
    "as rows are compared": { saying: /copy .* to stdout/s },
  },
};

/** What the line does then, by what it is called in the name of a test. */
export const postgresFaults: Readonly<Record<string, Fault>> = {
  ...breaks,
  "goes silent with the answer": { kind: "answer-breaks", bytes: 0, how: "silence" },
  "is reset in the middle of the answer": { kind: "answer-breaks", bytes: 60, how: "reset" },
  "is closed in the middle of the answer": { kind: "answer-breaks", bytes: 60, how: "end" },
  "goes silent in the middle of the answer": { kind: "answer-breaks", bytes: 60, how: "silence" },
  "is reset in the middle of what is said": { kind: "saying-breaks", bytes: 20, how: "reset" },
  trickles: { kind: "answer-trickles", bytesPerSecond: 300_000 },
  "dries up": { kind: "answer-trickles", bytesPerSecond: 300 },
  "takes up next to nothing": { kind: "saying-trickles", bytesPerSecond: 300 },
  lags: { kind: "lags", ms: 60 },
};

export interface PostgresTrial {
  /** The exit code, and the code of the failure where there was one. */
  readonly ended: string;
  readonly tookEffect: number;
  /** What must not be, in words. */
  readonly wrong: readonly string[];
}

export interface PostgresLineTrials extends AsyncDisposable {
  /** `forGood`: from that moment on whatever is said on the line meets the fault, in new connections as well. */
  run(verb: PostgresVerb, moment: string, fault: Fault, forGood: boolean): Promise<PostgresTrial>;
  /** The newest backup, brought back with stock tools alone: in what it differs from the source. */
  differencesByHand(): Promise<string[]>;
}

interface Stage {
  readonly server: PrivateServer;
  readonly home: TenantHome;
  readonly line: Proxy;
  readonly publicJwk: string;
}

const silence = "1s";

export async function openPostgresLineTrials(): Promise<PostgresLineTrials> {
  await using made = new AsyncDisposableStack();
  const server = made.use(await startTestServer());
  await createLedger(server, "acme");
  const line = made.use(await startProxy(postgresAt(server)));
  const home = made.use(await tenantHome(urlOver(server, line, "postgres"), ["acme"]));
  home.set({ "limits.silence": silence });
  const publicJwk = readFileSync(join(home.folder, "keys", "signing.pub.jwk"), "utf8");
  const first = await home.say(["backup", "acme"]);
  if (first.exit !== 0) throw new Error(first.stderr);
  const stage: Stage = { server, home, line, publicJwk };
  const owned = made.move();
  return {
    run: async (verb, moment, fault, forGood) => {
      const at = moments[verb][moment];
      if (at === undefined) throw new Error(`${verb} has no moment ${moment}`);
      const { saying, skip = 0 } = at;
      // Of pg_dump is seen what it computes and not what it receives: parts as small as those of the proxy would keep it.
      using _ = home.set(at.besideDump === true ? { "limits.leastBytesPerSecond": 200_000 } : {});
      if (forGood) void breakFrom(line, saying, skip, fault);
      return await trial(stage, verb, saying, fault, { skip });
    },
    differencesByHand: async () => {
      const [store, identity] = [home.store("one"), readerOf(home)];
      await restoreByHand({ store, identity, tenant: "acme", target: server, into: "by_hand" });
      return differences(placeOf(server, "acme"), placeOf(server, "by_hand"));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

async function breakFrom(line: Proxy, saying: Saying, skip: number, fault: Fault): Promise<void> {
  await line.hears(saying, skip);
  line.meets(/./s, fault, { times: Infinity });
}

/** What may be said of a line that goes wrong; anything else accuses somebody else. */
const honest: Readonly<Record<PostgresVerb, RegExp>> = {
  backup: /^source\/(?:lost|unreachable)$/,
  restore: /^target\/(?:lost|unreachable)$/,
};

async function trial(
  stage: Stage,
  verb: PostgresVerb,
  saying: Saying,
  fault: Fault,
  when: When,
): Promise<PostgresTrial> {
  const { line } = stage;
  const records = recordsOf(stage);
  const before = line.faults.tookEffect;
  line.meets(saying, fault, when);
  const first = await say(stage, verb);
  const tookEffect = line.faults.tookEffect - before;
  line.heals();
  const { code } = failureOf(first);
  const wrong: string[] = [];
  // Loaded whole, and not compared: the database stays, and is told to be that.
  const isOpen = verb === "restore" && first.exit === 4;
  const isHonest = first.exit === 1 && honest[verb].test(code);
  if (first.exit !== 0 && !isOpen && !isHonest)
    wrong.push(`it ended with ${String(first.exit)} ${code}: ${first.stdout}${first.stderr}`);
  if (first.exit !== 0 && recordsOf(stage) !== records) wrong.push("it failed and counts");
  // As whatever stands in between lets go of what is half open, sooner or later.
  await line.cut();
  await line.mend();
  wrong.push(...(await leftBehind(stage, verb)), ...broken(stage));
  if (verb === "restore" && first.exit === 1) wrong.push(...(await clearedAsTold(stage)));
  if (verb === "restore" && first.exit !== 1) wrong.push(...(await equalThenDropped(stage)));
  const again = await say(stage, verb);
  if (again.exit !== 0) wrong.push(`again: ${String(again.exit)} ${again.stdout}${again.stderr}`);
  wrong.push(...broken(stage).map((one) => `again: ${one}`));
  if (verb === "backup")
    wrong.push(
      ...unopened(folderBodies(stage.home.store("one")), "acme", readFileSync(readerOf(stage.home), "utf8")),
    );
  if (verb === "restore") wrong.push(...(await equalThenDropped(stage)).map((one) => `again: ${one}`));
  wrong.push(...(await rolesLeft(stage)));
  return { ended: `${String(first.exit)} ${code}`, tookEffect, wrong };
}

async function say({ home, server, line }: Stage, verb: PostgresVerb): Promise<SaidHere> {
  if (verb === "backup") return home.say(["backup", "acme", "--json"]);
  const to = urlOver(server, line, "back");
  const unproven = ["--allow-unproven", "--reason", "a test"];
  return home.say(["restore", "acme", "--to", to, ...unproven, "--json"]);
}

function urlOver(server: PrivateServer, { host, port }: Proxy, database: string): string {
  return urlOf({ ...server, address: { ...server.address, host, port } }, database);
}

const failed = z.object({ error: z.object({ code: z.string(), hint: z.string().nullable() }) });

/** Of a report of one tenant, or of a command that failed as a whole; empty where nothing failed. */
function failureOf({ stdout }: SaidHere): { readonly code: string; readonly hint: string } {
  const parsed = z.union([failed, z.tuple([failed])]).safeParse(stdout === "" ? null : JSON.parse(stdout));
  if (!parsed.success) return { code: "", hint: "" };
  const { error } = Array.isArray(parsed.data) ? parsed.data[0] : parsed.data;
  return { code: error.code, hint: error.hint ?? "" };
}

function recordsOf({ home }: Stage): string {
  return (["one", "two"] as const).map((name) => recordsIn(folderBodies(home.store(name))).join()).join(" ");
}

function broken({ home, publicJwk }: Stage): string[] {
  const stores = { one: folderBodies(home.store("one")), two: folderBodies(home.store("two")) };
  const plain = { canary, folders: [join(home.folder, "state")] };
  return brokenBy({ stores, publicJwk, plain });
}

/** The file of the identity that reads this home's backups. */
function readerOf({ folder }: TenantHome): string {
  return join(folder, "keys", "host.agekey");
}

/** Sessions end with their connections; what they held goes with them. */
async function leftBehind({ server }: Stage, verb: PostgresVerb): Promise<string[]> {
  const asked =
    "select string_agg(application_name, ', ') from pg_stat_activity where application_name ~ '^holdfast'";
  const gone = async (): Promise<boolean> => (await psql(server, "postgres", asked)) === "";
  const isGone = await until("the end of its sessions", gone).catch(() => false);
  return isGone ? [] : [`sessions of the ${verb} are left: ${await psql(server, "postgres", asked)}`];
}

/**
 * After a restore that failed: the database is gone, or is empty still and serves the next one, or that one says what
 * to do about it, and that is done.
 */
async function clearedAsTold(stage: Stage): Promise<string[]> {
  const { server } = stage;
  const there = await psql(server, "postgres", "select 1 from pg_database where datname = 'back'");
  if (there === "") return [];
  const next = await say(stage, "restore");
  if (next.exit === 0) return equalThenDropped(stage);
  const told = /drop database (\S+), then role (\S+), and restore again/.exec(failureOf(next).hint);
  if (next.exit !== 6 || told === null) {
    await dropTarget(stage);
    return [`a database was left, and the next restore told: ${next.stdout}`];
  }
  const [, database, role] = told;
  await psql(server, "postgres", `drop database ${database ?? ""} with (force); drop role ${role ?? ""}`);
  return [];
}

async function equalThenDropped(stage: Stage): Promise<string[]> {
  const same = await isEqual(stage);
  await dropTarget(stage);
  return same ? [] : ["what was restored is not what was backed up"];
}

async function dropTarget({ server }: Stage): Promise<void> {
  await psql(server, "postgres", "drop database if exists back with (force)");
}

/** Logins of loads that lost their line early are of no use to anybody, and expire by themselves; none of them may do anything. */
async function rolesLeft({ server }: Stage): Promise<string[]> {
  const left = await psql(
    server,
    "postgres",
    "select rolname, rolvaliduntil < now() + interval '2 hours' from pg_roles where rolname ~ '^(?:holdfast_load|hf)_'",
  );
  const roles = left
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => line.split("|"));
  for (const [role] of roles) await psql(server, "postgres", `drop role ${role ?? ""}`);
  return roles.flatMap(([role = "", expires]) => (expires === "t" ? [] : [`${role} is left for ever`]));
}

async function isEqual({ server }: Stage): Promise<boolean> {
  // Nothing can be read of what is not there.
  return (
    (await psql(server, "acme", ledgerDigests)) ===
    (await psql(server, "back", ledgerDigests).catch(() => null))
  );
}
