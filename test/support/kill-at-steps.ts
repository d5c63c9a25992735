/**
 * The program, killed at an exact step: as it makes its n-th request to an S3 server, or says its n-th words to
 * the server it restores to. Whatever it says from then on goes nowhere, so that it does not matter how
 * long the kill takes. Afterwards the promises are checked, and the verb is run again to its end.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { openBucketHome } from "./bucket-home.ts";
import { bucketBodies } from "./bucket-bodies.ts";
import { brokenBy, folderBodies, holdersOf, type Stores } from "./check-promises.ts";
import { recordsIn } from "./copy-reader.ts";
import { differences } from "./independent-comparison.ts";
import { placeOf } from "./independent-place.ts";
import { unopened } from "./open-by-stock-tools.ts";
import { restoreByHand } from "./restore-by-hand.ts";
import { canary, createLedger, ledgerDigests } from "./ledger.ts";
import { psql, startTestServer, urlOf } from "./postgres-server.ts";
import type { Fault, Saying } from "./proxy-fault.ts";
import { postgresAt, startProxy, type Proxy } from "./proxy.ts";
import type { Ended } from "./tenant-home.ts";

export const killedVerbs = ["backup", "replicate", "heal", "restore", "verify"] as const;
export type KilledVerb = (typeof killedVerbs)[number];

export interface KillTrials extends AsyncDisposable {
  /** How many steps the verb takes when nobody kills it. */
  stepsOf(verb: KilledVerb): Promise<number>;
  /** Killed at that step, the first one being 0. */
  kill(verb: KilledVerb, step: number): Promise<Killed>;
  /** The newest backup in the bucket, brought back with stock tools alone: in what it differs from the source. */
  differencesByHand(): Promise<string[]>;
}

export interface Killed {
  /** Connections work side by side, so that one run takes a few steps less than another: false when it had ended before. */
  readonly struck: boolean;
  /** What was broken, in words. */
  readonly wrong: readonly string[];
}

const request = /^(?:GET|PUT|HEAD|DELETE|POST) /;
/** Of the PostgreSQL protocol every part but those that log in. */
const statement = /^[QPBDECSdcf]/;
const nowhere: Fault = { kind: "breaks", how: "silence" };

export async function openKillTrials(): Promise<KillTrials> {
  await using made = new AsyncDisposableStack();
  const server = made.use(await startTestServer());
  await createLedger(
    server,
    "acme",
    `alter table ledger add at timestamptz default now();
     create role auditor;
     grant select on ledger to auditor;
     alter database acme set work_mem = '5MB';
     grant temporary on database acme to auditor`,
  );
  const target = made.use(await startProxy(postgresAt(server)));
  const { home, s3, bucket, line, env: keys } = made.use(await openBucketHome(server, ["acme"]));
  const temporary = join(home.folder, "temporary");
  mkdirSync(temporary);
  const env = { TMPDIR: temporary, ...keys };
  const publicJwk = readFileSync(join(home.folder, "keys", "signing.pub.jwk"), "utf8");

  const look = async (): Promise<Stores> => ({
    one: folderBodies(home.store("one")),
    two: await bucketBodies(s3, bucket, "two"),
  });
  const broken = async (): Promise<string[]> => {
    const folders = [temporary, join(home.folder, "state")];
    return brokenBy({ stores: await look(), publicJwk, plain: { canary, folders } });
  };
  const reader = join(home.folder, "keys", "host.agekey");
  const opened = async (): Promise<string[]> =>
    Object.entries(await look()).flatMap(([name, store]) =>
      unopened(store, "acme", readFileSync(reader, "utf8")).map((what) => `by hand, in ${name}: ${what}`),
    );
  const run = async (...args: readonly string[]): Promise<Ended> => home.run(args, { env });
  const succeed = async (...args: readonly string[]): Promise<void> => {
    const { exit, stderr } = await run(...args);
    if (exit !== 0) throw new Error(`${args.join(" ")} ended with ${String(exit)}: ${stderr}`);
  };
  const to = urlOf(
    { ...server, address: { ...server.address, host: target.host, port: target.port } },
    "back",
  );
  const commands: Readonly<Record<KilledVerb, readonly string[]>> = {
    backup: ["backup", "acme"],
    replicate: ["replicate", "acme"],
    heal: ["heal", "acme"],
    verify: ["verify", "acme", "--store", "two"],
    restore: ["restore", "acme", "--to", to, "--allow-unproven", "--reason", "a test", "--store", "one"],
  };
  const where = (verb: KilledVerb): { readonly proxy: Proxy; readonly said: Saying } =>
    verb === "restore" ? { proxy: target, said: statement } : { proxy: line, said: request };

  /** What the verb is there to do is there to be done. */
  const prepare = async (verb: KilledVerb): Promise<void> => {
    if (verb === "backup" || verb === "replicate") {
      const fresh = "select g, md5(random()::text) from generate_series(1, 300) g";
      await psql(server, "acme", `insert into sheet ${fresh}`);
    }
    if (verb === "replicate") {
      using _ = home.set({ "tenants.acme.stores": ["one"] });
      await succeed("backup", "acme");
    }
    if (verb === "heal") {
      const { two } = await look();
      const key = two?.keys().findLast((one) => one.endsWith("/manifest.age"));
      if (key === undefined) throw new Error("there is no manifest to lose");
      await s3.remove(bucket, `two/${key}`);
    }
  };
  const again = async (verb: KilledVerb, isStruck: boolean): Promise<string[]> => {
    // One that nobody killed has restored all, and the next would rightly be refused.
    if (verb === "restore" && !isStruck) return restoredWhole();
    const ended = await run(...commands[verb]);
    if (verb === "restore") return restoredAgain(ended);
    if (ended.exit !== 0) return [`the next one ended with ${String(ended.exit)}: ${ended.stderr}`];
    const stores = await look();
    const newest =
      recordsIn(folderBodies(home.store("one")))
        .toSorted()
        .at(-1) ?? "";
    const holders = holdersOf(newest, stores);
    return [
      ...(await broken()),
      ...(await opened()),
      ...(holders.length === 2 ? [] : [`${newest} is whole in ${holders.join()} alone`]),
    ];
  };
  const isEqual = async (): Promise<boolean> => {
    const rights =
      "select relname, relacl, relowner::regrole from pg_class where relnamespace = 'public'::regnamespace order by 1";
    // What comes last in a load.
    const properties = `select (select string_agg(one::text, ' ' order by one::text) from unnest(datacl) one),
       (select string_agg(setconfig::text, ' ') from pg_db_role_setting where setdatabase = d.oid)
       from pg_database d where datname = current_database()`;
    const asked = `${ledgerDigests}; ${rights}; ${properties}`;
    const there = await psql(server, "acme", asked);
    // Of what a killed load did not come to, nothing can be read; nor of a table that a session whose
    // program is dead and whose line is silent goes on filling, as the server sees it.
    const back = await psql(server, "back", `set lock_timeout = '5s'; ${asked}`).catch(() => null);
    return there === back;
  };
  /** What a killed restore left is refused with what to do, and goes on after that was done. */
  const restoredAgain = async (first: Ended): Promise<string[]> => {
    let ended = first;
    if (ended.exit === 6) {
      const told = /drop database (\S+), then role (\S+), and restore again/.exec(ended.stderr);
      if (told === null) return ["what a restore left is not told to be so"];
      // Nobody may take for broken what was only not compared any more.
      const isToldWhole = ended.stderr.includes("a restore had ended its load here");
      if (isToldWhole !== (await isEqual()))
        return [`what was left was told to be otherwise: ${ended.stderr}`];
      await psql(server, "postgres", `drop database back with (force); drop role ${told[2] ?? ""}`);
      ended = await run(...commands.restore);
    }
    if (ended.exit !== 0) return [`the next one ended with ${String(ended.exit)}: ${ended.stderr}`];
    return restoredWhole();
  };
  const restoredWhole = async (): Promise<string[]> => {
    const isEqualNow = await isEqual();
    await psql(server, "postgres", "drop database back with (force)");
    // Logins of loads that were killed early are of no use to anybody, and expire by themselves.
    const left = await psql(
      server,
      "postgres",
      "select rolname from pg_roles where rolname ~ '^holdfast_load_'",
    );
    for (const role of left.split("\n").filter((name) => name !== ""))
      await psql(server, "postgres", `drop role ${role}`);
    return isEqualNow ? [] : ["what was restored is not what was backed up"];
  };
  await succeed("backup", "acme");
  const owned = made.move();
  return {
    stepsOf: async (verb) => {
      await prepare(verb);
      const { proxy, said } = where(verb);
      let steps = 0;
      const counting = new AbortController();
      const count = async (): Promise<void> => {
        for (; !counting.signal.aborted; steps += 1) await proxy.hears(said);
      };
      void count();
      const wrong = await again(verb, true);
      counting.abort();
      if (wrong.length > 0) throw new Error(wrong.join("; "));
      return steps;
    },
    kill: async (verb, step) => {
      await prepare(verb);
      const { proxy, said } = where(verb);
      const struck = proxy.hears(said, step).then(() => true);
      proxy.meets(said, nowhere, { skip: step, times: Infinity });
      const victim = home.start(commands[verb], { env });
      const isStruck = await Promise.race([struck, victim.ended.then(() => false)]);
      victim.kill("SIGKILL");
      await victim.ended;
      proxy.heals();
      const left = (await broken()).filter((one) => !isToBeExpected(verb, one));
      const wrong = [...left, ...(await again(verb, isStruck))];
      return {
        struck: isStruck,
        wrong: wrong.map((one) => `${verb}, killed at step ${String(step)}: ${one}`),
      };
    },
    differencesByHand: async () => {
      const store = join(home.folder, "two-by-hand");
      const { two } = await look();
      for (const key of two?.keys() ?? []) {
        mkdirSync(join(store, dirname(key)), { recursive: true });
        writeFileSync(join(store, key), two?.bodyOf(key) ?? "");
      }
      await restoreByHand({ store, identity: reader, tenant: "acme", target: server, into: "by_hand" });
      return differences(placeOf(server, "acme"), placeOf(server, "by_hand"));
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What a heal is there for is broken until it is healed, and what lies in scratch is wiped by the next verification. */
function isToBeExpected(verb: KilledVerb, broken: string): boolean {
  if (verb === "heal") return broken.startsWith("promise 1 in two: ");
  return verb === "verify" && /^promise 11: .*\/state\/scratch\//.test(broken);
}
