/**
 * Records, proofs and keys that are not to be believed are not: whoever can write to every store cannot steer
 * a verification, a restore or a backup, and a host with the wrong identity is told so (promise 9).
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { damage } from "../support/damage.ts";
import { forge, payloadOf, signerFrom } from "../support/forged.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { allObjects, objectsOf } from "../support/store-objects.ts";
import { type Ended, tenantHome, type TenantHome } from "../support/tenant-home.ts";

let server: PrivateServer;
let home: TenantHome;
let record: string;
let backup: string;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(server, "acme", "create table invoice as select generate_series(1, 100) as id");
  home = await tenantHome(urlOf(server, "postgres"), ["acme"]);
  await home.json(["backup", "acme"]);
  await home.json(["verify", "acme"]);
  await home.run(["keys", "new", "stranger"]);
  record = objectsOf(home.store("one"), "acme", "record")[0] ?? "";
  backup = record.split("/")[3] ?? "";
});

afterAll(async () => {
  await home[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

const stores = ["one", "two"] as const;

/** The damage in both stores. */
function everywhere(act: (store: string) => Disposable): Disposable {
  const stack = new DisposableStack();
  for (const name of stores) stack.use(act(home.store(name)));
  return stack;
}

function restore(): Promise<Ended> {
  return home.run(["restore", "acme", "--to", urlOf(server, "back"), "--plan-only", "--json"]);
}

const verdicts = z.array(
  z.object({
    verdict: z.string(),
    proofIn: z.array(z.string()),
    error: z.object({ code: z.string() }).optional(),
  }),
);

async function verifyNamed(exit: number, id = backup): Promise<z.infer<typeof verdicts>[number] | undefined> {
  const args = ["verify", "acme", "--backup", id, "--store", "one"];
  return verdicts.parse(await home.json(args, exit))[0];
}

/** What list, verify and restore make of the backup. */
async function treatment(): Promise<unknown> {
  const [listed] = z.array(z.object({ suspect: z.boolean() })).parse(await home.json(["list", "acme"]));
  const verified = await verifyNamed(3);
  const { exit, stderr } = await restore();
  return {
    suspect: listed?.suspect,
    verdict: verified?.verdict,
    proofIn: verified?.proofIn,
    restoreExit: exit,
    warned: /warning: one: sign(?:ature|er): /.test(stderr),
  };
}

const unbelieved = { suspect: true, verdict: "refuted", proofIn: [], restoreExit: 5, warned: true };

describe("a record", () => {
  it("with a bad signature is refuted, and nothing is restored from it, exit 5", async () => {
    using _flipped = everywhere((store) => damage(store, record, { kind: "flipped", where: { byte: 150 } }));
    expect(await treatment()).toEqual(unbelieved);
  });

  it("with a bad signature in one store costs that copy and no other", async () => {
    using _flipped = damage(home.store("one"), record, { kind: "flipped", where: { byte: 150 } });
    const [one, two] = verdicts.parse(await home.json(["verify", "acme"], 3));
    expect([one?.verdict, two?.verdict]).toEqual(["refuted", "proven"]);
    expect((await restore()).exit).toBe(0);
  });

  it("by an unknown signer is refuted", async () => {
    const trusted = readFileSync(join(home.folder, "keys/signing.pub.jwk"));
    const path = join(home.folder, "keys/signing.pub.jwk");
    writeFileSync(path, readFileSync(join(home.folder, "stranger/signing.pub.jwk")));
    try {
      expect(await treatment()).toEqual(unbelieved);
    } finally {
      writeFileSync(path, trusted);
    }
  });

  it("by a signer not trusted for records is refuted", async () => {
    using _config = home.set({ "keys.trusted.0.may": ["proof", "key"] });
    expect(await treatment()).toEqual(unbelieved);
  });

  it("of an unknown version leaves the verdict open, exit 1, and is never restored", async () => {
    const signer = await signerFrom(join(home.folder, "keys/signing.jwk"));
    const known = payloadOf(join(home.store("one"), record));
    const payload = { ...known, format: { name: "holdfast-record", version: 2 } };
    using _one = await forge({ store: home.store("one"), key: record, signer, purpose: "record", payload });
    using _two = await forge({ store: home.store("two"), key: record, signer, purpose: "record", payload });
    expect(await verifyNamed(1)).toMatchObject({
      verdict: "inconclusive",
      proofIn: [],
      error: { code: "format/unknown" },
    });
    expect((await restore()).exit).toBe(5);
  });

  it("from the future never becomes the latest, and its verdict stays open, exit 1", async () => {
    const signer = await signerFrom(join(home.folder, "keys/signing.jwk"));
    const id = "20990101T000000Z-aaaaaa";
    const at = "2099-01-01T00:00:00.000Z";
    const payload = { ...payloadOf(join(home.store("one"), record)), backup: id, at, finishedAt: at };
    const key = record.replace(backup, id);
    using forged = new DisposableStack();
    for (const name of stores) {
      const store = home.store(name);
      mkdirSync(dirname(join(store, key)), { recursive: true });
      forged.use(await forge({ store, key, signer, purpose: "record", payload }));
    }
    expect(await home.json(["list", "acme"])).toMatchObject([{ backup: id, suspect: true }, { backup }]);
    const { stdout } = await home.run(["list", "acme"]);
    expect(stdout).toContain("one not believed");
    expect(stdout).not.toContain("damaged");
    expect(await home.json(["verify", "acme", "--store", "one"])).toMatchObject([
      { backup, verdict: "proven" },
    ]);
    expect(await verifyNamed(1, id)).toMatchObject({
      verdict: "inconclusive",
      error: { code: "source/clock" },
    });
    expect(JSON.parse((await restore()).stdout)).toMatchObject({ backup, proven: true });
  });
});

describe("a backup", () => {
  it("that nobody would believe is not begun, exit 6", async () => {
    using _config = home.set({ "keys.trusted.0.may": ["proof", "key"] });
    const before = stores.map((name) => allObjects(home.store(name)));
    expect(await home.json(["backup", "acme"], 6)).toMatchObject({
      error: { code: "keys/role", message: "the signing key of this host is not trusted for records" },
    });
    expect(stores.map((name) => allObjects(home.store(name)))).toEqual(before);
  });
});

describe("a proof", () => {
  it("by a signer not trusted for proofs does not make a backup verified, exit 5", async () => {
    using _config = home.set({ "keys.trusted.0.may": ["record", "key"] });
    expect((await restore()).exit).toBe(5);
  });

  it("that nobody would believe is not tried for, exit 6", async () => {
    using _config = home.set({ "keys.trusted.0.may": ["record", "key"] });
    expect(await home.json(["verify", "acme", "--store", "one"], 6)).toMatchObject({
      error: { code: "keys/role", message: "the signing key of this host is not trusted for proofs" },
    });
  });
});

describe("a forged recipient", () => {
  it("stops the backup, exit 3, before anything is sealed to it", async () => {
    const stranger = await signerFrom(join(home.folder, "stranger/signing.jwk"));
    const key = objectsOf(home.store("one"), "acme", "key-statement")[0] ?? "";
    const payload = payloadOf(join(home.store("one"), key));
    const before = stores.map((name) => allObjects(home.store(name)));
    {
      using forged = new DisposableStack();
      for (const name of stores)
        forged.use(await forge({ store: home.store(name), key, signer: stranger, purpose: "key", payload }));
      const ended = await home.run(["backup", "acme", "--json"]);
      expect(ended.exit).toBe(3);
      expect(JSON.parse(ended.stdout)).toMatchObject([
        { state: "failed", backup: null, error: { code: "keys/signature" } },
      ]);
    }
    expect(stores.map((name) => allObjects(home.store(name)))).toEqual(before);
  });
});

describe("the wrong age identity", () => {
  it("can neither verify nor restore, exit 6, and says what it lacks", async () => {
    using _config = home.set({ "keys.identity": "file:./stranger/host.agekey" });
    for (const ended of [await home.run(["verify", "acme", "--json"]), await restore()]) {
      expect(ended.exit).toBe(6);
      expect(JSON.parse(ended.stdout)).toEqual({
        error: {
          code: "keys/role",
          message: "this host may not read backups of acme",
          hint: "the identity of a verifier, a restorer or the escrow opens backups",
        },
      });
    }
  });

  it("that is no identity at all exits 1 and is not printed", async () => {
    writeFileSync(join(home.folder, "broken.agekey"), "AGE-SECRET-KEY-1NOTAKEY\n");
    using _config = home.set({ "keys.identity": "file:./broken.agekey" });
    const ended = await restore();
    expect(ended.exit).toBe(1);
    expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code: "keys/identity" } });
    expect(ended.stdout + ended.stderr).not.toContain("NOTAKEY");
  });
});
