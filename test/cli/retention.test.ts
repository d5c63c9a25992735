/** `retention explain`, `prune` and `hold` as people and scripts meet them; what is removed when, the fault tests ask. */
import { rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { type TenantHome, tenantHome } from "../support/tenant-home.ts";

let server: PrivateServer;
let home: TenantHome;
let backup: string;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(server, "acme", "create table invoice (id int); insert into invoice values (1)");
  home = await tenantHome(urlOf(server, "postgres"), ["acme", "ghost"]);
  const made = await home.say(["backup", "acme", "--json"]);
  backup = z.array(z.object({ backup: z.string() })).parse(JSON.parse(made.stdout))[0]?.backup ?? "";
});
afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const explanation = z.strictObject({
  tenant: z.string(),
  isErased: z.boolean(),
  backups: z.array(
    z.strictObject({
      backup: z.string(),
      kind: z.string(),
      at: z.iso.datetime(),
      provenIn: z.array(z.string()),
      refutedIn: z.array(z.string()),
      keptBy: z.array(z.looseObject({ kind: z.string() })),
      removal: z
        .strictObject({ reason: z.string(), recordFrom: z.string(), objectsFrom: z.string() })
        .nullable(),
    }),
  ),
  againstPlan: z.array(z.strictObject({ backup: z.string(), removedAt: z.iso.datetime() })),
  stops: z.array(z.strictObject({ reason: z.string(), store: z.string().nullable(), detail: z.string() })),
});
const tally = z.strictObject({ objects: z.int(), bytes: z.int() });
const pruned = z.array(
  z.strictObject({
    tenant: z.string(),
    state: z.enum(["pruned", "stopped", "erased"]),
    isDry: z.boolean(),
    stops: explanation.shape.stops,
    backups: z.int(),
    removed: z.array(z.strictObject({ backup: z.string(), at: z.string(), reason: z.string() })),
    lockedBackups: z.array(z.string()),
    againstPlan: explanation.shape.againstPlan,
    condemned: tally,
    freed: tally,
    locked: tally,
    waiting: z.int(),
    spared: z.int(),
    isCut: z.boolean(),
  }),
);
const held = z.looseObject({ hold: z.string(), backup: z.string().nullable(), reason: z.string() });

async function json(args: readonly string[], exit = 0): Promise<unknown> {
  const said = await home.say([...args, "--json"]);
  expect(said).toMatchObject({ exit });
  return JSON.parse(said.stdout);
}

describe("retention explain", () => {
  it("gives every backup with what keeps it, to people and to scripts", async () => {
    const { backups, stops } = explanation.parse(await json(["retention", "explain", "acme"]));
    expect(stops).toEqual([]);
    expect(backups).toMatchObject([{ backup, provenIn: [], removal: null }]);
    expect(backups[0]?.keptBy.map(({ kind }) => kind)).toEqual(["recent", "unproven"]);
    const said = await home.say(["retention", "explain", "acme"]);
    expect(said.stdout).toContain("not proven, and nothing newer is");
  });

  it("says so when there is nothing, and refuses what is no tenant", async () => {
    expect((await home.say(["retention", "explain", "ghost"])).stdout).toBe("there are no backups\n");
    expect(await home.say(["retention", "explain", "nobody"])).toMatchObject({ exit: 2 });
    expect(await home.say(["retention", "explain", "../acme"])).toMatchObject({ exit: 2 });
    expect(await home.say(["retention", "explain"])).toMatchObject({ exit: 2 });
  });
});

describe("prune", () => {
  it("removes nothing that is needed, dry or not, of one tenant or of all", async () => {
    for (const args of [["acme"], ["acme", "--dry-run"], ["--all"], ["--all", "--dry-run"]]) {
      const reports = pruned.parse(await json(["prune", ...args]));
      for (const report of reports) {
        expect(report).toMatchObject({ state: "pruned", removed: [], freed: { objects: 0 } });
        expect(report.isDry).toBe(args.includes("--dry-run"));
      }
      expect(reports).toHaveLength(args[0] === "acme" ? 1 : 2);
    }
    expect(explanation.parse(await json(["retention", "explain", "acme"])).backups).toHaveLength(1);
  });

  it("wants tenants by name or --all, and a share that is one", async () => {
    expect(await home.say(["prune"])).toMatchObject({ exit: 2 });
    expect(await home.say(["prune", "acme", "--all"])).toMatchObject({ exit: 2 });
    for (const share of ["1.5", "-1", "much"]) {
      expect(await home.say(["prune", "acme", "--allow-share", share])).toMatchObject({ exit: 2 });
    }
    expect(await home.say(["prune", "acme", "--allow-share", "1"])).toMatchObject({ exit: 0 });
  });

  it("ends with 3 and the reason when a store is away, and goes on with the others", async () => {
    await rename(home.store("two"), `${home.store("two")}-away`);
    try {
      const said = await home.say(["prune", "--all", "--json"]);
      expect(said.exit).toBe(3);
      expect(said.stderr).toMatch(/stopped: acme: store-\w+ in two/);
      expect(pruned.parse(JSON.parse(said.stdout)).map(({ state }) => state)).toEqual(["stopped", "stopped"]);
      expect(await home.say(["retention", "explain", "acme"])).toMatchObject({ exit: 3 });
    } finally {
      await rename(`${home.store("two")}-away`, home.store("two"));
    }
  });

  it("is refused with 6 on a host whose key is not trusted for removals", async () => {
    using _ = home.set({
      "keys.trusted": [{ key: "file:./keys/signing.pub.jwk", may: ["record", "proof", "key"] }],
    });
    const said = await home.say(["prune", "acme"]);
    expect(said).toMatchObject({ exit: 6 });
    expect(said.stderr).toContain("not trusted for removals");
    expect(await home.say(["hold", "add", "acme", "--reason", "x"])).toMatchObject({ exit: 6 });
  });
});

describe("hold", () => {
  it("keeps a backup until it is released, and tells who laid it and why", async () => {
    const laid = held.parse(
      await json(["hold", "add", "acme", "--backup", backup, "--reason", "the auditor asked"]),
    );
    expect(laid).toMatchObject({ backup, reason: "the auditor asked", stores: ["one", "two"] });
    expect(
      z
        .array(held)
        .parse(await json(["hold", "list"]))
        .map(({ hold }) => hold),
    ).toEqual([laid.hold]);
    const { backups } = explanation.parse(await json(["retention", "explain", "acme"]));
    expect(backups[0]?.keptBy).toContainEqual({ kind: "held", hold: laid.hold });
    await json(["hold", "release", "acme", laid.hold, "--reason", "done"]);
    expect((await home.say(["hold", "list", "acme"])).stdout).toBe("there are no holds\n");
    expect(await home.say(["hold", "release", "acme", laid.hold, "--reason", "again"])).toMatchObject({
      exit: 2,
    });
  });

  it("may keep a whole tenant", async () => {
    const laid = held.parse(await json(["hold", "add", "acme", "--reason", "litigation"]));
    expect(laid.backup).toBeNull();
    const { backups } = explanation.parse(await json(["retention", "explain", "acme"]));
    expect(backups.every(({ keptBy }) => keptBy.some(({ kind }) => kind === "held"))).toBe(true);
    await json(["hold", "release", "acme", laid.hold, "--reason", "settled"]);
  });

  it("is refused without a reason, for a backup that is not there, and for a tenant nobody knows", async () => {
    const none = "20200101T000000Z-aaaaaa";
    for (const args of [
      ["hold", "add", "acme"],
      ["hold", "add", "acme", "--reason", " "],
      ["hold", "add", "acme", "--backup", "latest", "--reason", "x"],
      ["hold", "add", "acme", "--backup", none, "--reason", "x"],
      ["hold", "add", "nobody", "--reason", "x"],
      ["hold", "release", "acme", none, "--reason", "x"],
      ["hold", "release", "acme", "nonsense", "--reason", "x"],
    ]) {
      expect([args, (await home.say(args)).exit]).toEqual([args, 2]);
    }
    expect(z.array(held).parse(await json(["hold", "list"]))).toEqual([]);
  });

  it("ends with 4 when a store did not take it, and counts all the same", async () => {
    await rename(home.store("two"), `${home.store("two")}-away`);
    let laid: z.infer<typeof held>;
    try {
      laid = held.parse(await json(["hold", "add", "acme", "--reason", "x"], 4));
    } finally {
      await rename(`${home.store("two")}-away`, home.store("two"));
    }
    expect(z.array(held).parse(await json(["hold", "list", "acme"]))).toMatchObject([{ hold: laid.hold }]);
    await json(["hold", "release", "acme", laid.hold, "--reason", "x"]);
  });

  it("that cannot be read stops the prune and is told", async () => {
    const path = join(home.store("one"), "tenants/acme/holds/20200101T000000Z-aaaaaa.jws");
    await writeFile(path, "not a hold");
    try {
      expect(await home.say(["hold", "list", "acme"])).toMatchObject({ exit: 3 });
      const said = await home.say(["prune", "acme"]);
      expect(said).toMatchObject({ exit: 3 });
      expect(said.stderr).toContain("hold-unreadable in one");
    } finally {
      await rm(path);
    }
  });
});
