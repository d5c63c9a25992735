/** Each error of the operating system becomes the failure that tells what to do about it. */
import { readdir } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { directoryFailure } from "../../src/stores/directory-failure.ts";

describe("an error of the operating system", () => {
  it.each([
    ["ENOSPC", "store/full"],
    ["EDQUOT", "store/full"],
    ["EACCES", "store/refused"],
    ["EPERM", "store/refused"],
    ["EROFS", "store/refused"],
    ["ELOOP", "store/refused"],
    ["ENOTDIR", "store/refused"],
    ["EXDEV", "store/unsuitable"],
    ["EOPNOTSUPP", "store/unsuitable"],
    ["EIO", "store/unreachable"],
    ["ESTALE", "store/unreachable"],
    ["ENOENT", "store/unreachable"],
    ["EMFILE", "store/unreachable"],
  ])("%s is %s", (errno, code) => {
    const error = Object.assign(new Error("open"), { code: errno });
    expect(directoryFailure("create a in folder", error)).toMatchObject({
      code,
      message: `create a in folder: ${errno}`,
      cause: error,
    });
  });

  it("of a file system that has no hard links asks for another one, and not for permissions", () => {
    const error = Object.assign(new Error("link"), { code: "EPERM", syscall: "link" });
    expect(directoryFailure("create a in folder", error)).toMatchObject({
      code: "store/unsuitable",
      message: "create a in folder: EPERM",
      hint: "a directory store needs one file system with hard links",
    });
    const other = Object.assign(new Error("open"), { code: "EPERM", syscall: "open" });
    expect(directoryFailure("create a in folder", other).code).toBe("store/refused");
  });

  it("is told in the words of the system, too", async () => {
    const error: unknown = await readdir("/dev/null").catch((thrown: unknown) => thrown);
    expect(directoryFailure("list a in folder", error).message).toBe(
      "list a in folder: not a directory (ENOTDIR)",
    );
  });

  it("of a volume that can only be read asks for the volume, and not for permissions", () => {
    const error = Object.assign(new Error("open"), { code: "EROFS" });
    expect(directoryFailure("create a in folder", error).hint).toContain("mounted for reading alone");
  });

  it("stays what it is when it is a failure already", () => {
    const failure = new Failure("store/exists", "a is taken");
    expect(directoryFailure("create a", failure)).toBe(failure);
  });
});
