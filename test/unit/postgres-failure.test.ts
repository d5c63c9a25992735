/** What an error of the server is told as: with a way out where its code has one, without a tenant's values. */
import { DatabaseError } from "pg";
import { describe, expect, it } from "vitest";
import { postgresFailure } from "../../src/postgres/session/errors.ts";

function failureOf(code: string, message: string) {
  const error = new DatabaseError(message, 1, "error");
  error.code = code;
  return postgresFailure("source", "ask", error);
}

describe("an error of the server", () => {
  it.each([
    ["53300", "sorry, too many clients already", "lower maxConcurrent"],
    [
      "53400",
      "temporary file size exceeds temp_file_limit (100kB)",
      "raise the limit that the message names",
    ],
    ["53200", "out of shared memory", "max_locks_per_transaction"],
  ])("%s says what happened and what to do", (code, message, hint) => {
    const failure = failureOf(code, message);
    expect(failure.message).toContain(message);
    expect(failure.hint).toContain(hint);
  });

  it.each(["22P02", "23505", "P0001", "44000"])(
    "%s keeps its words, which may be a tenant's, to itself",
    (code) => {
      const failure = failureOf(code, "canary");
      expect(failure.message).not.toContain("canary");
      expect(failure.message).toContain(`SQLSTATE ${code}`);
    },
  );
});
