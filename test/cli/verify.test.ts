/** `verify` as people and scripts meet it: what it prints, its JSON, its exit codes, wrong usage, and the plan's assertions. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { checkNames } from "../../src/model/check.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { objectsOf } from "../support/store-objects.ts";
import { tenantHome, type TenantHome } from "../support/tenant-home.ts";

let server: PrivateServer;
let home: TenantHome;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(
    server,
    "acme",
    "create table entry (debit int, credit int); insert into entry values (5, 0), (0, 5); create table empty ()",
  );
  home = await tenantHome(urlOf(server, "postgres"), ["acme", "fresh"]);
  await home.json(["backup", "acme"]);
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const check = z.strictObject({
  name: z.string(),
  outcome: z.enum(["passed", "failed", "not-run"]),
  compared: z.int(),
  detail: z.string(),
  because: z.enum(["irrelevant", "machine"]).optional(),
  findings: z.array(
    z.strictObject({ subject: z.string(), difference: z.string(), sqlState: z.string().optional() }),
  ),
});

const reports = z.array(
  z.strictObject({
    tenant: z.string(),
    backup: z.string(),
    store: z.string(),
    verdict: z.enum(["proven", "refuted", "inconclusive"]),
    seconds: z.number(),
    checks: z.array(check),
    excluded: z.array(z.string()),
    misnamed: z.int(),
    proofIn: z.array(z.string()),
    unwritten: z.array(z.string()),
    notes: z.array(z.string()),
    error: z.strictObject({ code: z.string(), message: z.string(), hint: z.string().nullable() }).optional(),
  }),
);

async function verified(exit: number, ...args: readonly string[]): Promise<z.infer<typeof reports>> {
  return reports.parse(await home.json(["verify", ...args], exit));
}

describe("a verification", () => {
  it("proves every copy of the newest backup and writes each proof to every store", async () => {
    const proven = await verified(0, "acme");
    expect(proven).toMatchObject([
      { tenant: "acme", store: "one", verdict: "proven", proofIn: ["one", "two"] },
      { tenant: "acme", store: "two", verdict: "proven", proofIn: ["one", "two"] },
    ]);
    expect(proven[0]?.checks.map(({ name }) => name)).toEqual(checkNames);
    expect(await home.json(["list", "acme"])).toMatchObject([
      { copies: { one: { proof: { verdict: "proven" } }, two: { proof: { verdict: "proven" } } } },
    ]);
  });

  it("of one named copy prints the verdict, and every check with what it compared", async () => {
    const backup = objectsOf(home.store("one"), "acme", "record")[0]?.split("/")[3] ?? "";
    const ended = await home.run(["verify", "acme", "--backup", backup, "--store", "two"]);
    expect(ended).toMatchObject({ exit: 0, stderr: "" });
    const lines = ended.stdout.split("\n").map((line) => line.trim().replaceAll(/ +/g, " "));
    expect(lines[0]).toBe("tenant backup store verdict seconds");
    expect(lines[1]).toMatch(new RegExp(`^acme ${backup} two proven \\d+\\.\\d$`));
    expect(lines).toContain(`acme ${backup} in two:`);
    expect(lines.some((line) => /^copy passed \d+ objects are whole$/.test(line))).toBe(true);
    expect(lines).toContain("assertions not-run the plan asserts nothing");
  });

  it("of all goes past a tenant that has no backup, and exits 1 for it", async () => {
    const ended = await home.run(["verify", "--all", "--store", "one", "--json"]);
    expect(ended).toMatchObject({
      exit: 1,
      stderr: "error: fresh: fresh has no backup\n  hint: `holdfast backup fresh` makes one\n",
    });
    expect(reports.parse(JSON.parse(ended.stdout)).map(({ tenant }) => tenant)).toEqual(["acme"]);
  });

  it("of a tenant with none that is believed exits 5, and asks for no other backup", async () => {
    using _trust = home.set({ "keys.trusted.0.may": ["proof", "key"] });
    expect(await home.json(["verify", "acme"], 5)).toMatchObject({
      error: {
        code: "backup/none",
        message: "no backup of acme is believed",
        hint: expect.stringMatching(/^`holdfast list acme` says why; /),
      },
    });
  });

  it("of a tenant without a backup exits 5", async () => {
    expect(await home.json(["verify", "fresh"], 5)).toMatchObject({ error: { code: "backup/none" } });
  });
});

describe("assertions of the plan", () => {
  const balanced = "select sum(debit) - sum(credit) from public.entry";

  async function asserting(
    query: string,
    expected: string,
    exit: number,
  ): Promise<z.infer<typeof reports>[number]> {
    const assertions = [{ name: "debits equal credits", query, expect: expected }];
    using _plan = home.set({ "verification.assertions": assertions }, "plans/standard.yaml");
    const [report] = await verified(exit, "acme", "--store", "one");
    if (report === undefined) throw new Error("nothing was verified");
    return report;
  }

  it("that hold are part of what is proven", async () => {
    const report = await asserting(balanced, "0", 0);
    expect(report.verdict).toBe("proven");
    expect(report.checks.at(-1)).toMatchObject({ name: "assertions", outcome: "passed", compared: 1 });
  });

  it("that fail refute the copy, exit 3, without the value that was found", async () => {
    const report = await asserting(balanced, "4711", 3);
    expect(report.verdict).toBe("refuted");
    expect(report.checks.at(-1)).toMatchObject({
      outcome: "failed",
      findings: [
        {
          subject: "assertion debits equal credits",
          difference: "told in the sealed detail of the proof",
        },
      ],
    });
  });

  it("that are no valid SQL are a fault of the plan: inconclusive, exit 1", async () => {
    const report = await asserting("select sum(debit) frum public.entry", "0", 1);
    expect(report.verdict).toBe("inconclusive");
    expect(report.checks.at(-1)).toMatchObject({
      outcome: "not-run",
      because: "machine",
      detail: "assertion debits equal credits is not valid SQL (SQLSTATE 42601)",
    });
  });
});

describe("wrong usage", () => {
  it.each([
    [["verify"], "name one tenant, or give --all"],
    [["verify", "acme", "--all"], "name one tenant, or give --all"],
    [
      ["verify", "--all", "--backup", "20261121T013000Z-k7f3qa"],
      "--backup names the backup of one tenant; --all has none",
    ],
    [["verify", "Acme"], "Acme is no name of a tenant"],
    [["verify", "nobody"], "there is no tenant nobody"],
    [["verify", "acme", "--store", "three"], "acme has no store three; it has one, two"],
    [
      ["verify", "acme", "--backup", "newest"],
      "newest is not a backup's id; one looks like 20261121T013000Z-k7f3qa",
    ],
    [
      ["verify", "acme", "--backup", "20000101T000000Z-aaaaaa"],
      "no store holds a backup 20000101T000000Z-aaaaaa of acme",
    ],
    [["verify", "acme", "--store"], "not enough arguments following: store"],
  ])("%j exits 2", async (args, message) => {
    const ended = await home.say(args);
    expect(ended).toMatchObject({ exit: 2, stdout: "" });
    expect(ended.stderr.split("\n")[0]).toBe(`error: ${message}`);
  });
});

describe("residency", () => {
  it("that forbids this host to hold the data is kept, exit 6", async () => {
    using _config = home.set({ location: { jurisdiction: "DE" } });
    using _stores = home.set({
      "stores.one.location": { jurisdiction: "AE", latitude: 25, longitude: 55 },
      "stores.two.location": { jurisdiction: "AE", latitude: 24, longitude: 54 },
    });
    using _plan = home.set({ residency: ["AE"] }, "plans/standard.yaml");
    expect(await home.json(["verify", "acme"], 6)).toMatchObject({
      error: {
        code: "policy/refused",
        message: "the data of acme may not be restored in DE, where this host is",
      },
    });
  });
});
