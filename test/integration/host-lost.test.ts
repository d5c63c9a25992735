/** The page for the day on which nothing is left but a store is true: its own blocks, run as they stand, bring a tenant back as proven. */
import { execFile } from "node:child_process";
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { createDatabase, psql, startTestServer, urlOf } from "../support/postgres-server.ts";
import { tenantHome } from "../support/tenant-home.ts";

const root = resolve(import.meta.dirname, "../..");
const page = readFileSync(join(root, "runbooks/host-lost.md"), "utf8");

const blocks = Array.from(page.matchAll(/^```bash\n(.*?)^```$/gms), ([, block]) => block ?? "");

let server: PrivateServer;
let left: string;

/** What a shell says that is given this; `WORK` is a new folder each time. */
async function pasted(script: string, variables: Readonly<Record<string, string>>): Promise<string> {
  const env = {
    PATH: `${left}:${process.env["PATH"] ?? ""}`,
    HOME: left,
    STORE: join(left, "store"),
    IDENTITY: join(left, "keys/host.agekey"),
    TRUSTED: join(left, "keys/signing.pub.jwk"),
    WORK: await mkdtemp(join(left, "work-")),
    ...variables,
  };
  return (await promisify(execFile)("bash", ["-c", script], { env })).stdout;
}

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(
    server,
    "acme",
    "create table t (id int primary key); insert into t select generate_series(1, 70)",
  );
  left = await mkdtemp(join(tmpdir(), "holdfast-left-"));
  await using home = await tenantHome(urlOf(server, "postgres"), ["acme"]);
  await home.json(["backup", "acme"]);
  await home.json(["verify", "acme", "--store", "two"]);
  await cp(home.store("two"), join(left, "store"), { recursive: true });
  await cp(join(home.folder, "keys"), join(left, "keys"), { recursive: true });
  const program = join(left, "holdfast");
  writeFileSync(program, `#!/bin/sh\nexec "${process.execPath}" "${join(root, "src/main.ts")}" "$@"\n`);
  chmodSync(program, 0o755);
});

afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await rm(left, { recursive: true, force: true });
});

describe("the page about a lost host", () => {
  it("brings a tenant back from one store, an identity and a public key, by its proof", async () => {
    const stdout = await pasted(blocks.join("\n"), {
      TENANT: "acme",
      TARGET_URL: urlOf(server, "acme_back"),
    });
    expect(stdout).toContain("left present, proven");
    expect(stdout).toContain("the restore can go ahead");
    expect(await psql(server, "acme_back", "select count(*) from t")).toBe("70");
  });

  it("takes a post-quantum identity, which an old age does not know", async () => {
    const made = `cd "$WORK" && holdfast keys new . --only identity --post-quantum`;
    const [first = ""] = blocks;
    expect(await pasted(`${made}\nIDENTITY="$WORK/host.agekey"\n${first}`, {})).toContain(
      "holdfast.yaml is good: ",
    );
  });
});
