/** A log is lines of JSON that hold codes and our own words, and never a row, a URL or a secret. */
import { PassThrough } from "node:stream";
import { DatabaseError } from "pg";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ManualClock } from "../../src/base/clock.ts";
import { Failure } from "../../src/base/failure.ts";
import { Secret } from "../../src/config/secret.ts";
import { createLog, type Log, type LogLevel } from "../../src/telemetry/log.ts";

const at = new Date("2026-11-21T12:00:00.000Z");
const canary = "mortimer@example.org";

function logged(work: (log: Log) => void, level: LogLevel = "info"): readonly Record<string, unknown>[] {
  return textOf(work, level)
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));
}

function textOf(work: (log: Log) => void, level: LogLevel = "info"): string {
  let text = "";
  work(
    createLog({
      level,
      clock: new ManualClock(at),
      to: { write: (line) => (text += line) },
      base: { host: "one" },
    }),
  );
  return text;
}

function duplicateKey(): DatabaseError {
  const error = new DatabaseError(`Key (email)=(${canary}) already exists.`, 100, "error");
  error.code = "23505";
  error.detail = `Key (email)=(${canary}) already exists.`;
  return error;
}

describe("a line", () => {
  it("has a fixed message, the time of the clock that was given, and facts in fields", () => {
    expect(logged((log) => log.info("backup ended", { tenant: "acme", seconds: 3 }))).toEqual([
      {
        level: "info",
        time: "2026-11-21T12:00:00.000Z",
        host: "one",
        tenant: "acme",
        seconds: 3,
        message: "backup ended",
      },
    ]);
  });

  it("bears the facts of its run", () => {
    const lines = logged((log) => {
      const run = log.child({ run: "k7f3qa" });
      run.info("backup began");
      run.child({ store: "dubai" }).warn("store failed");
      log.info("idle");
    });
    expect(lines.map(({ run, store }) => ({ run, store }))).toEqual([
      { run: "k7f3qa", store: undefined },
      { run: "k7f3qa", store: "dubai" },
      { run: undefined, store: undefined },
    ]);
  });

  it("is left out below the level", () => {
    expect(logged((log) => log.debug("too much"))).toEqual([]);
    expect(logged((log) => log.info("too much"), "error")).toEqual([]);
    expect(logged((log) => log.debug("wanted"), "debug")).toHaveLength(1);
  });

  it("stays one line whatever a fact holds", () => {
    expect(textOf((log) => log.info("found", { name: 'a\n{"level":"error"}' })).split("\n")).toHaveLength(2);
  });

  it("goes to a stream as it stands", () => {
    const to = new PassThrough();
    createLog({ level: "info", clock: new ManualClock(at), to, base: {} }).info("hello");
    expect(String(to.read())).toBe('{"level":"info","time":"2026-11-21T12:00:00.000Z","message":"hello"}\n');
  });
});

describe("an error", () => {
  it("of ours has its code, its message and its hint", () => {
    const error = new Failure("store/full", "put tenants/acme/x to dubai", { hint: "make room" });
    expect(logged((log) => log.error("backup failed", { error }))[0]?.["error"]).toEqual({
      name: "Failure",
      code: "store/full",
      message: "put tenants/acme/x to dubai",
      hint: "make room",
    });
  });

  it.each(["error", "reason"])(
    "of PostgreSQL, as %s or as a cause, shows its SQLSTATE and no row",
    (name) => {
      const text = textOf((log) => {
        log.error("load failed", { [name]: duplicateKey() });
        log.error("load failed", {
          [name]: new Failure("load/failed", "a row was refused", { cause: duplicateKey() }),
        });
        log.child({ [name]: duplicateKey() }).error("load failed");
      });
      expect(text).not.toContain(canary);
      expect(text.match(/23505/g)).toHaveLength(3);
    },
  );

  it("of a library shows where it was thrown, and not its message", () => {
    const text = textOf((log) => log.error("failed", { error: new TypeError(`cannot read ${canary}`) }));
    expect(text).not.toContain(canary);
    expect(text).toContain("telemetry-log.test.ts");
    expect(text).toContain("TypeError");
  });

  it("whose message has several lines leaves none of them in its frames", () => {
    const text = textOf((log) => log.error("failed", { error: new Error(`one\n    at ${canary}`) }));
    expect(text).not.toContain(canary);
  });

  it("that causes itself ends", () => {
    const error = new Error("one");
    error.cause = error;
    expect(logged((log) => log.error("failed", { error }))).toHaveLength(1);
  });

  it.each([undefined, null, canary, 7])("that is none (%s) does no harm", (error) => {
    expect(textOf((log) => log.error("failed", { error }))).not.toContain(canary);
  });
});

describe("a secret", () => {
  it("is never printed, whatever it is called", () => {
    const secret = new Secret("sources.erp.url", { kind: "plain", value: canary }, {});
    const text = textOf((log) =>
      log.info("connecting", { to: secret, all: [secret], deep: { er: { secret } } }),
    );
    expect(text).not.toContain(canary);
    expect(text).toContain("[redacted]");
  });

  it.each(["url", "password", "secretAccessKey", "identity", "signing", "token"])(
    "that was revealed is not printed under the name %s",
    (name) => {
      const text = textOf((log) =>
        log.info("connecting", { [name]: canary, one: { [name]: canary }, two: { one: { [name]: canary } } }),
      );
      expect(text).not.toContain(canary);
    },
  );
});
