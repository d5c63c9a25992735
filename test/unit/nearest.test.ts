/** What somebody meant who made a slip: names that are near, and no guess where none is. */
import { describe, expect, it } from "vitest";
import { didYouMean, nearest } from "../../src/base/nearest.ts";

const commands = ["backup", "restore", "stores", "tenants", "verify", "one"];

describe("a name that is nearly right", () => {
  it.each([
    ["bakcup", ["backup"]],
    ["Backup", ["backup"]],
    ["rstore", ["restore", "stores"]],
    ["verfy", ["verify"]],
    ["on", ["one"]],
    ["frobnicate", []],
    ["", []],
  ])("%j is near to %j", (written, near) => {
    expect(nearest(written, commands)).toEqual(near);
  });

  it("is asked about in one sentence, or not at all", () => {
    expect(didYouMean("rstore", commands)).toBe("did you mean restore or stores?");
    expect(didYouMean("x", commands)).toBeUndefined();
  });
});
