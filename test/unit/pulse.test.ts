/** What is said of a session over another connection: only what the server itself says, or a network that cannot reach it, speaks against it. */
import { once } from "node:events";
import { DatabaseError } from "pg";
import { describe, expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { postgresFailure } from "../../src/postgres/session/errors.ts";
import { type Served, takePulse } from "../../src/postgres/session/pulse.ts";
import { type Pulse, SilenceWatch, type Trickle } from "../../src/postgres/session/silence.ts";

const asked = 7;

/** Another session, which answers with these rows, one list after the other. */
function answering(...answers: readonly (readonly object[])[]): () => Promise<Served> {
  const left = answers.map((rows) => JSON.stringify(rows)).values();
  return async () => ({
    pid: 8,
    session: {
      side: "target",
      versionNum: 0,
      query: async <Row extends object>(): Promise<Row[]> => JSON.parse(left.next().value ?? "[]"),
      copyOut: () => {
        throw new Error("nobody asked for rows");
      },
      copiesOut: () => {
        throw new Error("nobody asked for rows");
      },
      copyIn: async () => 0,
      [Symbol.asyncDispose]: async () => undefined,
    },
  });
}

const answer = (state: string | null, event: string | null = null) => [{ self: 8, state, event }];

function failing(error: unknown): () => Promise<Served> {
  return async () => {
    throw error;
  };
}

const ofNetwork = (code: string) => Object.assign(new Error(`connect ${code}`), { code });

describe("a session", () => {
  it.each([
    ["active", null, "works"],
    ["active", "DataFileRead", "works"],
    ["active", "ClientRead", "waits-for-us"],
    ["active", "ClientWrite", "waits-for-our-reading"],
    ["fastpath function call", null, "works"],
    ["idle", "ClientRead", "idle"],
    ["idle in transaction", "ClientRead", "idle"],
    ["idle in transaction (aborted)", "ClientRead", "idle"],
    ["disabled", "ClientRead", "unknown"],
    ["starting", null, "unknown"],
  ] as const)("that is %s and waits for %s: %s", async (state, event, pulse) => {
    expect(await takePulse(asked, answering(answer(state, event)))).toBe(pulse);
  });

  it("is gone only where the server does not list it", async () => {
    expect(await takePulse(asked, answering(answer(null), []))).toBe("gone");
    expect(await takePulse(asked, answering(answer(null), [{}]))).toBe("unknown");
    expect(await takePulse(null, answering(answer(null), []))).toBe("unknown");
    expect(await takePulse(asked, answering([{ ...answer(null)[0], self: 9 }], []))).toBe("unknown");
  });
});

describe("a server", () => {
  it.each([
    new Failure("wait/expired", "the time allowed for this step is over"),
    ...["ETIMEDOUT", "EHOSTUNREACH", "ECONNREFUSED", "ECONNRESET"].map(ofNetwork),
    new Error("timeout expired"),
    new Error("Connection terminated unexpectedly"),
  ])("that gives no answer is silent: %s", async (error) => {
    expect(await takePulse(asked, failing(postgresFailure("source", "ask", error)))).toBe("silent");
  });

  it.each([
    ...["ENOTFOUND", "EAI_AGAIN", "EMFILE", "CERT_HAS_EXPIRED", "SELF_SIGNED_CERT_IN_CHAIN"].map(ofNetwork),
    new Error("The server does not support SSL connections"),
    Object.assign(new DatabaseError("too many clients", 0, "error"), { code: "53300" }),
    new Failure("wait/cancelled", "cancelled"),
  ])("that we cannot ask is none the worse for it: %s", async (error) => {
    for (const side of ["source", "scratch"] as const)
      expect(await takePulse(asked, failing(postgresFailure(side, "ask", error)))).toBe("unknown");
  });
});

describe("a line that carries ten bytes a look", () => {
  /** What was trickling when the line was given up; null when the answers were used up first. */
  async function heard(least: number, ...answers: readonly Pulse[]): Promise<Trickle | null> {
    let asked = 0;
    let bytes = 0;
    const given = new EventTarget();
    const end = once(given, "end");
    let trickled: Trickle | null = null;
    const ask = async (): Promise<Pulse> => {
      asked += 1;
      if (asked === answers.length) given.dispatchEvent(new Event("end"));
      return answers[asked - 1] ?? "works";
    };
    const onDead = (_: Pulse, trickle: Trickle | null): void => {
      trickled = trickle;
      given.dispatchEvent(new Event("end"));
    };
    const moved = () => (bytes += 10);
    const limits = { silenceMs: 20, answerMs: 1000, leastBytesPerSecond: least };
    using watch = new SilenceWatch({ moved, ask, onDead }, limits);
    await watch.awaits(async () => end);
    return trickled;
  }

  it("is given up when the server was not at work, twice in a row", async () => {
    const trickle = await heard(
      1_000_000,
      "works",
      "waits-for-our-reading",
      "works",
      "idle",
      "idle",
      "works",
    );
    expect(trickle?.bytes).toBeGreaterThan(0);
    expect(trickle?.seconds).toBeGreaterThanOrEqual(0.02);
  });

  it.each([
    ["works", "works", "works"],
    ["idle", "works", "silent", "unknown", "waits-for-us", "works"],
  ] as const)("is waited for where the server %s, %s and %s", async (...answers) => {
    expect(await heard(1_000_000, ...answers)).toBeNull();
  });
});

describe("a watch", () => {
  /** The answers that were given when it called the connection dead, or when they were used up. */
  async function heard(...answers: readonly Pulse[]): Promise<readonly Pulse[]> {
    const given: Pulse[] = [];
    const over = new EventTarget();
    const end = once(over, "end");
    const ask = async (): Promise<Pulse> => {
      const next = answers[given.length];
      if (next === undefined) over.dispatchEvent(new Event("end"));
      else given.push(next);
      return next ?? "works";
    };
    const onDead = (): void => {
      over.dispatchEvent(new Event("end"));
    };
    const moved = () => 0;
    using watch = new SilenceWatch(
      { moved, ask, onDead },
      { silenceMs: 20, answerMs: 1000, leastBytesPerSecond: 0 },
    );
    await watch.awaits(async () => end);
    return given;
  }

  it.each([
    [["gone", "works"], 1],
    [["unknown", "idle", "works"], 2],
    [["silent", "works", "silent", "unknown", "silent"], 5],
    [["works", "silent", "silent", "works"], 3],
  ] as const)("that hears %s ends after %i", async (answers, count) => {
    expect(await heard(...answers)).toEqual(answers.slice(0, count));
  });
});
