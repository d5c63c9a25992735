/** What a script reads of a restore: its exit code is 0 only when all that was asked for was compared and is equal. */
import { describe, expect, it } from "vitest";
import { exitOf } from "../../src/cli/restore.ts";
import { failed, notRun, passed } from "../../src/model/check.ts";

const tables = passed("tables", 1, "1 table is equal");
const lacking = notRun("grants", "machine", "the target could not take 1 part");
const bad = failed("objects", 1, [{ subject: "view", difference: "absent" }]);

describe("a restore exits", () => {
  it("0 when the rows were compared, and what did not run is irrelevant", () => {
    expect(exitOf({ checks: [tables, notRun("twin", "irrelevant", "none")], problems: [] })).toBe(0);
  });

  it("3 when something differs, whatever else is open", () => {
    const problems = [{ subject: "TABLE a", message: "refused" }];
    expect(exitOf({ checks: [tables, bad, lacking], problems })).toBe(3);
  });

  it("4 when something could not be restored or compared", () => {
    const problems = [{ subject: "OWNER of TABLE a", message: "refused" }];
    expect(exitOf({ checks: [tables], problems })).toBe(4);
    expect(exitOf({ checks: [tables, lacking], problems: [] })).toBe(4);
  });

  it("4 when the rows were not compared at all", () => {
    expect(exitOf({ checks: [], problems: [] })).toBe(4);
    expect(exitOf({ checks: [notRun("tables", "irrelevant", "")], problems: [] })).toBe(4);
  });
});
