/** The small parts of reading a source: names in statements, warnings, releases and rows in binary. */
import { mkdtempDisposableSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { unknownWarnings } from "../../src/postgres/archive/archive.ts";
import { binaryRows } from "../../src/postgres/session/binary-copy.ts";
import { examineVersion } from "../../src/postgres/source/preflight.ts";
import { findPrograms } from "../../src/postgres/server/programs.ts";
import { quoteIdent, quoteLiteral } from "../../src/postgres/session/quote.ts";

describe("quoting", () => {
  it("leaves no way out of a name or a string", () => {
    expect(quoteIdent('a"; drop table t; --')).toBe('"a""; drop table t; --"');
    expect(quoteLiteral("it's")).toBe("'it''s'");
    expect(quoteLiteral("\\'")).toBe(" E'\\\\'''");
  });
});

describe("what pg_dump says", () => {
  it("passes only where nothing is missing or the fingerprint lists it", () => {
    expect(
      unknownWarnings(
        "pg_dump: warning: there are circular foreign-key constraints on this table:\npg_dump: detail: t\n" +
          "pg_dump: warning: subscriptions not dumped because current user is not a superuser\n",
      ),
    ).toEqual([]);
    const unknown = "pg_dump: warning: owner of function f appears to be invalid";
    expect(unknownWarnings(`${unknown}\npg_dump: detail: more\n`)).toEqual([
      unknown,
      "pg_dump: detail: more",
    ]);
  });
});

describe("releases", () => {
  it("are refused where a view in a table's place would run as us", () => {
    for (const [versionNum, outcome] of [
      [120_022, "failed"],
      [130_015, "failed"],
      [130_016, "passed"],
      [140_012, "failed"],
      [150_007, "failed"],
      [150_008, "passed"],
      [160_003, "failed"],
      [160_004, "passed"],
      [170_000, "passed"],
      [180_001, "passed"],
    ] as const) {
      expect([versionNum, examineVersion(versionNum).outcome]).toEqual([versionNum, outcome]);
    }
  });

  it("that are not installed are named with what was found instead", async () => {
    await expect(findPrograms([], 99, { signal: AbortSignal.timeout(10_000) })).rejects.toMatchObject({
      code: "program/missing",
      hint: expect.stringContaining("postgresql-99"),
    });
  });
});

describe("programs", () => {
  it("that are updated while we run are asked again, and else once", async () => {
    using folder = mkdtempDisposableSync(join(tmpdir(), "holdfast-programs-"));
    const asked = join(folder.path, "asked");
    const install = (name: string, version: string): void =>
      writeFileSync(
        join(folder.path, name),
        `#!/bin/sh\necho x >> ${asked}\necho "${name} (PostgreSQL) ${version}"\n`,
        { mode: 0o755 },
      );
    const version = async (): Promise<string> =>
      (await findPrograms([folder.path], 99, { signal: AbortSignal.timeout(10_000) })).version;
    writeFileSync(asked, "");
    for (const name of ["pg_dump", "pg_restore", "initdb", "psql", "postgres"]) install(name, "99.1");
    expect([await version(), await version()]).toEqual(["99.1", "99.1"]);
    expect(readFileSync(asked, "utf8")).toBe("x\n");
    install("postgres", "99.10");
    expect(await version()).toBe("99.10");
  });
});

describe("rows in binary", () => {
  const header = Buffer.from("PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0", "latin1");
  const trailer = Buffer.from([0xff, 0xff]);

  function encoded(rows: readonly (readonly (Buffer | null)[])[]): Buffer {
    const number = (bytes: 2 | 4, value: number): Buffer => {
      const buffer = Buffer.alloc(bytes);
      buffer.writeIntBE(value, 0, bytes);
      return buffer;
    };
    const body = rows.flatMap((row) => [
      number(2, row.length),
      ...row.flatMap((field) => (field === null ? [number(4, -1)] : [number(4, field.length), field])),
    ]);
    return Buffer.concat([header, ...body, trailer]);
  }

  async function* inPieces(bytes: Buffer, size: number): AsyncGenerator<Buffer> {
    for (let from = 0; from < bytes.length; from += size) yield bytes.subarray(from, from + size);
  }

  const field = fc.option(fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)));

  it("come out as they went in, however they are cut", async () => {
    const rows = fc.array(fc.array(field, { maxLength: 4 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1, max: 64 }), async (given, size) => {
        expect(await Array.fromAsync(binaryRows(inPieces(encoded(given), size)))).toEqual(given);
      }),
    );
  });

  it("that end early are refused", async () => {
    const whole = encoded([[Buffer.from("x")]]);
    for (const length of [0, 5, header.length, whole.length - 2, whole.length - 1]) {
      await expect(Array.fromAsync(binaryRows(inPieces(whole.subarray(0, length), 7)))).rejects.toMatchObject(
        {
          code: "source/lost",
        },
      );
    }
  });
});
