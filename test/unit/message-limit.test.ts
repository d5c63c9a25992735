/** Messages of a server are followed by their heads alone, however they are cut on the way. */
import { expect, it } from "vitest";
import { MessageLimit } from "../../src/postgres/session/message-limit.ts";

const limits = { messageBytesMax: 100, rowsBytesMax: 700 };

/** A message of this kind with so many bytes behind its length. */
function message(kind: string, bytes: number): Buffer {
  const head = Buffer.alloc(5);
  head.write(kind, "latin1");
  head.writeUInt32BE(bytes + 4, 1);
  // Every byte behind the head looks like the head of something huge.
  return Buffer.concat([head, Buffer.alloc(bytes, 0xff)]);
}

function beyond(messages: readonly Buffer[], partBytes: number): readonly (string | null)[] {
  const told: (string | null)[] = [];
  const limit = new MessageLimit(limits, (what) => told.push(what));
  const all = Buffer.concat(messages);
  for (let at = 0; at < all.length; at += partBytes) limit.take(all.subarray(at, at + partBytes));
  return told;
}

const cuts = [1, 2, 3, 5, 7, 64, 10_000];

it.each(cuts)("lets pass what is within the limits, in parts of %i bytes", (partBytes) => {
  const statement = [message("T", 20), message("D", 96), message("D", 96), message("C", 9), message("Z", 1)];
  expect(beyond([...statement, ...statement, message("S", 0)], partBytes)).toEqual([]);
});

it.each(cuts)("tells one message that is too long before it has come, in parts of %i bytes", (partBytes) => {
  const head = message("E", 97).subarray(0, 5);
  expect(beyond([message("N", 96), head], partBytes)).toEqual(["a message of 101 bytes, more than 100"]);
});

it.each(cuts)(
  "takes an error that is the very first for one without a length, in parts of %i bytes",
  (partBytes) => {
    const words = Buffer.from(
      "Ecould not fork new process for connection: Resource temporarily unavailable\n\0",
    );
    expect(beyond([words], partBytes)).toEqual([null]);
    expect(beyond([message("E", 96), message("N", 96)], partBytes)).toEqual([]);
  },
);

it.each(cuts)(
  "adds up the rows of one statement with what each takes as an object, in parts of %i bytes",
  (partBytes) => {
    const notices = [message("N", 96), message("N", 96), message("N", 96)];
    const rows = [message("D", 90), message("D", 90), message("D", 90)];
    expect(beyond([...notices, ...rows, message("Z", 1), message("D", 90)], partBytes)).toEqual([
      "rows of more than 700 bytes in answer to one statement",
    ]);
  },
);
