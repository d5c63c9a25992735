/** What people read: tables, sizes and the line of a progress bar. */
import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { printTo } from "../../src/cli/frame/output.ts";
import { noProgress } from "../../src/base/progress.ts";
import { barLine, terminalProgress } from "../../src/cli/frame/progress.ts";
import { count, spellBytes, spellSeconds, table } from "../../src/cli/frame/text.ts";

describe("sizes", () => {
  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.0 kB"],
    [999_949, "999.9 kB"],
    [999_950, "1.0 MB"],
    [2_500_000_000, "2.5 GB"],
    [7e18, "7000.0 PB"],
  ])("of %d bytes read %s", (bytes, text) => {
    expect(spellBytes(bytes)).toBe(text);
  });

  it.each([
    [0.04, "0.0 s"],
    [59.94, "59.9 s"],
    [59.96, "1 min 0 s"],
    [191.7, "3 min 12 s"],
    [3599.6, "1 h 0 min"],
    [90_061, "25 h 1 min"],
  ])("of %d seconds read %s", (seconds, text) => {
    expect(spellSeconds(seconds)).toBe(text);
  });

  it("count one thing as one", () => {
    expect([count(1, "copy", "copies"), count(0, "table"), count(2, "table")]).toEqual([
      "1 copy",
      "0 tables",
      "2 tables",
    ]);
  });
});

describe("a table", () => {
  it("has a line for each line of its cells", () => {
    const lines = table(
      ["a", "b", "c"],
      [
        ["1", "x\ny\nz", "p\nq"],
        ["2", "", "r"],
      ],
    ).split("\n");
    expect(lines).toEqual(["a  b  c", "1  x  p", "   y  q", "   z", "2     r"]);
  });

  it("with a cell of many lines takes no time", () => {
    const cell = Array.from({ length: 2000 }, (_, at) => `note ${String(at)}`).join("\n");
    expect(table(["a", "b"], [["1", cell]]).split("\n")).toHaveLength(2001);
  });
});

describe("what a command says", () => {
  it("cannot move the cursor, recolour or reorder what stands there, whatever a table is called", () => {
    const said = { stdout: "", stderr: "" };
    const streams = {
      stdout: { write: (text: string) => (said.stdout += text) },
      stderr: { write: (text: string) => (said.stderr += text) },
    };
    const out = printTo(streams, false, () => noProgress);
    out.say("warning: \u001b[2Jx\u009b1m");
    out.result({}, () => "größe\t1\r\n\u202eabc\u0007");
    expect(said).toEqual({
      stdout: "größe\t1\\x0d\n\\u202eabc\\x07\n",
      stderr: "warning: \\x1b[2Jx\\x9b1m\n",
    });
    const state = { title: "acme", phase: "a\u001b[2J\nb", doneBytes: 1, totalBytes: null, elapsedMs: 1000 };
    expect(barLine(state)).toBe("acme a\\x1b[2J b  1 B  1 B/s");
  });
});

describe("a table", () => {
  it("stands in line without borders, and wide letters take their room", () => {
    expect(
      table(
        ["name", "n"],
        [
          ["größe", "1"],
          ["日本", "2\n3"],
        ],
      ),
    ).toBe("name   n\ngröße  1\n日本   2\n       3");
  });
});

describe("the line of a bar", () => {
  const state = {
    title: "acme",
    phase: "",
    doneBytes: 500_000_000,
    totalBytes: 2_000_000_000,
    elapsedMs: 10_000,
  };

  it("says how much, how fast and how long still", () => {
    expect(barLine(state)).toBe(
      "acme [######------------------] 25 %  500.0 MB of 2.0 GB  50.0 MB/s  30 s left",
    );
  });

  it("stops at its end when the estimate was too low", () => {
    expect(barLine({ ...state, phase: "rows", doneBytes: 3_000_000_000 })).toBe(
      `acme rows [${"#".repeat(24)}] 100 %  3.0 GB of 2.0 GB  300.0 MB/s`,
    );
  });

  it("has no bar while the total is not known, and divides by nothing", () => {
    expect(barLine({ ...state, totalBytes: null })).toBe("acme  500.0 MB  50.0 MB/s");
    expect(barLine({ ...state, elapsedMs: 0, doneBytes: 0 })).toContain("0 %");
  });
});

describe("bars", () => {
  it("come and go on a stream that is no terminal without a word", () => {
    const stream = new PassThrough();
    const start = terminalProgress(stream, () => 0);
    const bar = start("acme", 10);
    bar.expect(20);
    bar.advance(5);
    bar.reach(6);
    bar.phase("rows");
    bar[Symbol.dispose]();
    bar[Symbol.dispose]();
    using second = start("bravo", null);
    second.advance(1);
    expect(String(stream.read() ?? "")).not.toContain("undefined");
  });
});

describe("output", () => {
  function lines(json: boolean) {
    const said: string[] = [];
    const write = (where: string) => ({ write: (text: string) => said.push(`${where}: ${text}`) });
    return { said, out: printTo({ stdout: write("out"), stderr: write("err") }, json, () => noProgress) };
  }

  it("prints data to standard output and talk to standard error", () => {
    const { said, out } = lines(false);
    out.say("working");
    out.result({ n: 1 }, () => "one");
    expect(said).toEqual(["err: working\n", "out: one\n"]);
    expect(out.printed()).toBe(true);
  });

  it("prints one JSON document and refuses a second", () => {
    const { said, out } = lines(true);
    out.result({ n: 1 }, () => "one");
    expect(said).toEqual(['out: {\n  "n": 1\n}\n']);
    expect(() => {
      out.result({}, () => "");
    }).toThrow("one result");
  });
});
