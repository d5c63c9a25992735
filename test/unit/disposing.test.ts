/** What failed first is what is told, whether or not what was opened could be put back. */
import { describe, expect, it } from "vitest";
import { disposing } from "../../src/base/disposing.ts";
import { Failure, failureOf } from "../../src/base/failure.ts";

const lost = new Failure("scratch/lost", "putting back");
const first = new Failure("program/failed", "the work");

function resource(end: () => Promise<void>): AsyncDisposable & { readonly name: string } {
  return { name: "login", [Symbol.asyncDispose]: end };
}

const good = (): Promise<void> => Promise.resolve();
const bad = (): Promise<void> => Promise.reject(lost);
const broken = (): Promise<never> => Promise.reject(first);

describe("work with a resource that may fail to be put back", () => {
  it("is given the resource, and its result comes when that is put back", async () => {
    const events: string[] = [];
    const ending = (): Promise<void> => {
      events.push("put back");
      return Promise.resolve();
    };
    const result = await disposing(resource(ending), ({ name }) => {
      events.push(name);
      return Promise.resolve(7);
    });
    expect({ result, events }).toEqual({ result: 7, events: ["login", "put back"] });
  });

  it("fails where only the putting back fails", async () => {
    await expect(disposing(resource(bad), () => Promise.resolve(7))).rejects.toBe(lost);
  });

  it("tells what stays where it cannot be put back", async () => {
    const login = { ...resource(bad), leaves: "the login stays" };
    await expect(disposing(login, broken)).rejects.toMatchObject({
      code: "program/failed",
      message: "the work; the login stays",
    });
    await expect(disposing({ ...login, ...resource(good) }, broken)).rejects.toBe(first);
  });

  it.each([
    ["can", good],
    ["cannot", bad],
  ])("fails with its own failure where the resource %s be put back", async (_, end) => {
    await expect(disposing(resource(end), broken)).rejects.toBe(first);
  });
});

describe("the failure that something thrown stands for", () => {
  it("is the first of those that `await using` throws together", async () => {
    const work = async (): Promise<void> => {
      await using _one = resource(bad);
      await using _other = resource(bad);
      await broken();
    };
    const error = await work().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SuppressedError);
    expect(failureOf(error)).toBe(first);
  });

  it("is a bug where it is none of ours", () => {
    expect(failureOf(new TypeError("x"))).toMatchObject({ code: "internal/bug", message: "x" });
  });
});
