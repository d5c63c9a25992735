/** The verdict on a copy (promises 4 and 5): nothing but whole, passed checks is ever called proven. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkNames,
  compareResult,
  failed,
  findingsMax,
  judge,
  notRun,
  passed,
  type CheckResult,
} from "../../src/model/check.ts";

const all: CheckResult[] = checkNames.map((name) => passed(name, 1, "equal"));

function withResult(result: CheckResult): CheckResult[] {
  return all.map((one) => (one.name === result.name ? result : one));
}

const finding = { subject: "table a.b", difference: "expected 'secret', found 'other'" };

describe("the verdict", () => {
  it("is proven when every check passed", () => {
    expect(judge(all)).toBe("proven");
  });

  it("is refuted by any one failed check, whatever else was not run", () => {
    for (const name of checkNames) {
      expect(judge(withResult(failed(name, 1, [finding])))).toBe("refuted");
    }
    expect(judge([failed("tables", 1, [finding]), notRun("archive", "machine", "disk full")])).toBe(
      "refuted",
    );
  });

  it("is inconclusive where any check did not run for want of a working machine", () => {
    for (const name of checkNames) {
      expect(judge(withResult(notRun(name, "machine", "the server died")))).toBe("inconclusive");
    }
  });

  it("may be proven where there was nothing to check, but for the checks that are always due", () => {
    for (const name of checkNames) {
      const due = ["copy", "archive", "tables"].includes(name);
      expect(judge(withResult(notRun(name, "irrelevant", "nothing to do")))).toBe(
        due ? "inconclusive" : "proven",
      );
    }
  });

  it("rests on the twin where objects were counted by another release, and on nothing less", () => {
    const uncounted = withResult(notRun("objects", "irrelevant", "another release of Holdfast"));
    const without = uncounted.filter(({ name }) => name !== "twin");
    expect(judge(uncounted)).toBe("proven");
    expect(judge(without)).toBe("inconclusive");
    expect(judge([...without, notRun("twin", "irrelevant", "")])).toBe("inconclusive");
    expect(judge([...without, failed("twin", 1, [finding])])).toBe("refuted");
  });

  it("is inconclusive where a due check is absent, or none was made", () => {
    expect(judge([])).toBe("inconclusive");
    for (const name of ["copy", "archive", "objects", "tables"]) {
      expect(judge(all.filter((one) => one.name !== name))).toBe("inconclusive");
    }
  });

  it("is inconclusive without the objects, though something else had nothing to check", () => {
    const without = withResult(notRun("indexes", "irrelevant", "nothing to do"));
    expect(judge(without.filter(({ name }) => name !== "objects"))).toBe("inconclusive");
  });

  it("takes a check that was not run, and does not say why, for a broken machine", () => {
    const { because: _, ...silent } = notRun("indexes", "irrelevant", "");
    expect(judge(withResult(silent))).toBe("inconclusive");
  });

  it("does not depend on the order of the checks", () => {
    const results = fc.constantFrom(
      ...checkNames.flatMap((name) => [
        passed(name, 1, ""),
        failed(name, 1, [finding]),
        notRun(name, "machine", ""),
        notRun(name, "irrelevant", ""),
      ]),
    );
    fc.assert(
      fc.property(fc.array(results, { maxLength: 20 }), (some) => {
        expect(judge(some.toReversed())).toBe(judge(some));
      }),
    );
  });
});

describe("a check that compares", () => {
  it("has passed where nothing differs, and says what it compared", () => {
    const equal = { name: "tables", outcome: "passed", compared: 3, detail: "equal", findings: [] };
    expect(compareResult("tables", 3, [], "equal")).toEqual(equal);
  });

  it("has compared and found nothing where it was not run", () => {
    expect(notRun("tables", "machine", "disk full")).toMatchObject({ compared: 0, findings: [] });
  });
});

describe("a failed check", () => {
  it("names the first subject in its detail, but never a value (trap 34)", () => {
    expect(failed("tables", 3, [finding]).detail).toBe("1 difference, first: table a.b");
  });

  it("lists so many findings and no more", () => {
    const many = Array.from({ length: 250 }, () => finding);
    const result = compareResult("tables", 250, many, "");
    expect(result.findings).toHaveLength(findingsMax);
    expect(result.detail).toContain("250 differences");
  });
});
