/** What this machine lacks may explain differences, and then refutes nothing; what it cannot explain stays found. */
import { describe, expect, it } from "vitest";
import { failed, judge, notRun, passed, type CheckResult } from "../../src/model/check.ts";
import type { LoadReport } from "../../src/postgres/load/report.ts";
import { weigh } from "../../src/verify/try-out.ts";

const clean: LoadReport = {
  rows: 1,
  bytes: 1,
  placeholders: [],
  loginsWithoutPassword: [],
  notes: [],
  withheld: [],
  entries: [],
  problems: [],
};
const lacking: LoadReport = {
  ...clean,
  problems: [{ subject: "extension postgis", message: "is not here", sqlState: "0A000", kind: "machine" }],
};
const whole = [passed("copy", 1, ""), passed("archive", 1, ""), passed("objects", 1, "")];

function weighed(check: CheckResult): readonly CheckResult[] {
  return weigh([...whole, check], lacking, clean).checks;
}

describe("beside a part that this server could not take", () => {
  it("a missing table leaves the verdict open, and is told", () => {
    const checks = weighed(failed("tables", 1, [{ subject: "table a.b", difference: "absent" }]));
    expect(judge(checks)).toBe("inconclusive");
    expect(checks.at(-1)).toMatchObject({
      outcome: "not-run",
      because: "machine",
      findings: [{ subject: "table a.b" }],
    });
    expect(checks.at(-1)?.detail).toMatch(/extension postgis.*; 1 difference found/);
  });

  it("a sequence that stands elsewhere refutes, one that is absent does not", () => {
    const moved = { subject: "sequence a.s", difference: "expected 7, found 3" };
    const gone = { subject: "sequence a.t", difference: "absent" };
    expect(judge(weighed(failed("sequences", 2, [gone])))).toBe("inconclusive");
    const checks = weighed(failed("sequences", 2, [gone, moved]));
    expect(judge(checks)).toBe("refuted");
    expect(checks.at(-1)?.findings).toEqual([moved]);
  });

  it("an archive whose text is another's refutes", () => {
    expect(judge(weighed(failed("archive", 1, [{ subject: "archive", difference: "differs" }])))).toBe(
      "refuted",
    );
  });
});

describe("the parts that this server could not take", () => {
  it("are told without a message that may hold a row (trap 34)", () => {
    const message = 'invalid input syntax for type integer: "a secret"';
    const problem = { subject: "TABLE DATA a.b", message, sqlState: "22P02", kind: "machine" } as const;
    const { notes } = weigh(whole, { ...clean, problems: [problem] }, clean);
    expect(notes).toEqual(["TABLE DATA a.b: refused, SQLSTATE 22P02"]);
  });

  const keys = (kind: "data" | "machine", number: number): LoadReport => ({
    ...clean,
    problems: Array.from({ length: number }, (_, index) => ({
      subject: `FK CONSTRAINT a.t${String(index)}`,
      message: 'schema "b" does not exist',
      sqlState: "3F000",
      kind,
    })),
  });

  it("are counted once, though the twin lacks them too, and listed as far as anybody reads", () => {
    const { checks, notes } = weigh(whole, keys("machine", 30), keys("machine", 30));
    expect(checks.at(-1)?.detail).toMatch(
      /could not take 30 parts of the backup, first FK CONSTRAINT a\.t0 /,
    );
    expect(notes).toHaveLength(21);
    expect(notes.at(-1)).toBe("10 more parts were not taken");
  });

  it("are the twin's as well", () => {
    expect(weigh(whole, clean, keys("machine", 1)).notes).toHaveLength(1);
  });
});

describe("what of the data could not be loaded", () => {
  const refused: LoadReport = {
    ...clean,
    problems: [{ subject: "VIEW a.v", message: "no such function", sqlState: "42883", kind: "data" }],
  };
  const others = [
    passed("copy", 1, ""),
    passed("archive", 1, ""),
    passed("tables", 1, ""),
    passed("twin", 1, ""),
  ];

  it("refutes, also where the objects were counted by another release and only the twin answers for them", () => {
    const uncounted = notRun("objects", "irrelevant", "another release of Holdfast");
    expect(judge([...others, uncounted])).toBe("proven");
    for (const objects of [passed("objects", 1, ""), uncounted]) {
      const { checks } = weigh([...others, objects], refused, refused);
      expect(judge(checks)).toBe("refuted");
      expect(checks.at(-1)?.findings).toEqual([
        { subject: "VIEW a.v", difference: "no such function", sqlState: "42883" },
      ]);
    }
  });
});
