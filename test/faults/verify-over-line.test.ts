/** A verification over a line to its store that goes wrong proves the copy or leaves it open, and never accuses it; what is really altered it still finds (promise 5). */
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { bucketBodies } from "../support/bucket-bodies.ts";
import { type BucketHome, openBucketHome } from "../support/bucket-home.ts";
import { createDatabase, psql, startTestServer } from "../support/postgres-server.ts";

let server: PrivateServer;
let ground: BucketHome;

beforeAll(async () => {
  server = await startTestServer();
  await createDatabase(server, "acme");
  await psql(server, "acme", "create table ledger as select g, md5(g::text) from generate_series(1, 3000) g");
  ground = await openBucketHome(server, ["acme"]);
  await ground.home.json(["backup", "acme"], 0, { env: ground.env });
});
afterAll(async () => {
  await ground[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});
afterEach(async () => {
  ground.line.heals();
  await ground.line.mend();
});

const reports = z.tuple([
  z.object({
    verdict: z.string(),
    error: z.object({ code: z.string() }).optional(),
    checks: z.array(z.object({ outcome: z.string() })),
  }),
]);

/** Verdict, code of what kept it from looking, and how many checks failed. */
async function verified(exit: number): Promise<readonly [string, string, number]> {
  const { home, env } = ground;
  const [{ verdict, error, checks }] = reports.parse(
    await home.json(["verify", "acme", "--store", "two"], exit, { env }),
  );
  return [verdict, error?.code ?? "", checks.filter(({ outcome }) => outcome === "failed").length];
}

const object = /^GET .*\/(?:chunks|backups|keys)\//;

describe("a copy over a line", () => {
  it("that is reset and cut, is proven", async () => {
    const { line } = ground;
    line.meets(object, { kind: "answer-breaks", bytes: 700, how: "reset" }, { times: 2 });
    line.meets(object, { kind: "answer-ends-early", bytes: 90, framing: "length" }, { times: 2 });
    line.meets(object, { kind: "refused", status: 503, code: "SlowDown" }, { times: 2 });
    line.meets(object, { kind: "answer-spoilt" }, { times: 2 });
    expect(await verified(0)).toEqual(["proven", "", 0]);
    expect(line.faults.tookEffect).toBeGreaterThan(5);
  });

  it("that spoils each of them in another way, is left open", async () => {
    ground.line.meets(/^GET .*\/chunks\//, { kind: "answer-spoilt" }, { times: Infinity });
    expect(await verified(1)).toEqual(["inconclusive", "store/protocol", 0]);
  });

  it("that is gone from the middle on, is left open", async () => {
    ground.line.meets(/^GET .*\/chunks\//, { kind: "breaks", how: "reset" }, { times: Infinity });
    expect(await verified(1)).toEqual(["inconclusive", "store/unreachable", 0]);
  });

  it("that is good, and whose bytes are altered where they lie, is refuted", async () => {
    const { s3, bucket } = ground;
    const bodies = await bucketBodies(s3, bucket, "two");
    const chunk = bodies.keys().find((key) => key.includes("/chunks/")) ?? "";
    const altered = Buffer.from(bodies.bodyOf(chunk));
    altered[100] = (altered[100] ?? 0) ^ 1;
    await s3.put(bucket, `two/${chunk}`, altered);
    const [verdict, , failed] = await verified(3);
    expect(verdict).toBe("refuted");
    expect(failed).toBeGreaterThan(0);
  });
});
