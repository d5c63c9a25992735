/** What a server sends during a COPY, in pieces of any size, is told apart: rows for us, all else for `pg`. */
import { PassThrough } from "node:stream";
import fc from "fast-check";
import { Connection } from "pg";
import { describe, expect, it } from "vitest";
import { CopyOutQuery } from "../../src/postgres/session/copy-out-query.ts";
import type { CopiedPart } from "../../src/postgres/session/copy-parts.ts";

function message(kind: string, content: Buffer | string = ""): Buffer {
  const body = Buffer.from(content);
  const head = Buffer.alloc(5);
  head.write(kind, "latin1");
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const response = message("H", Buffer.from([0, 0, 1, 0, 0]));
const done = message("c");
const complete = message("C", "COPY 2\0");
const ready = message("Z", "I");

/** A query on a wire that is us; what it lets pass to `pg`, and whether it has let go of the wire. */
function asked(statements: readonly string[] = ["copy t to stdout"]) {
  const passed: Buffer[] = [];
  const notYet = (_bytes: Buffer, count: number): boolean => count < 0;
  const seen = { take: notYet, resumed: 0, ended: false, cut: false };
  const wire: Pick<ConstructorParameters<typeof CopyOutQuery>[0], "divert"> = {
    divert(_stream, take) {
      seen.take = take;
      return {
        resume: () => (seen.resumed += 1),
        pass: (bytes) => passed.push(Buffer.from(bytes)),
        end: () => (seen.ended = true),
      };
    },
  };
  const query = new CopyOutQuery(wire, statements, () => (seen.cut = true));
  query.submit(Object.assign(new Connection({ stream: new PassThrough() } as object), { query: () => {} }));
  query.completed.catch(() => undefined);
  return { query, seen, passed: () => Buffer.concat(passed) };
}

/** As a connection is received: at the start of a memory that holds older bytes as well. */
function received(piece: Buffer): Buffer {
  return Buffer.concat([piece, message("d", "of the read before\n")]);
}

function feed({ seen, passed }: ReturnType<typeof asked>, bytes: Buffer, size: number): Buffer {
  const rest: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) {
    const piece = bytes.subarray(at, at + size);
    if (seen.ended) rest.push(piece);
    else seen.take(received(piece), piece.length);
  }
  return Buffer.concat([passed(), ...rest]);
}

async function textOf(one: ReturnType<typeof asked>): Promise<string> {
  const parts = await partsOf(one);
  return Buffer.concat(parts.map(({ bytes }) => bytes)).toString("latin1");
}

async function partsOf({ query }: ReturnType<typeof asked>): Promise<CopiedPart[]> {
  query.parts.close();
  const parts: CopiedPart[] = [];
  for (let part = await query.parts.next(); part !== null; part = await query.parts.next()) parts.push(part);
  return parts;
}

/** The text of each COPY that has an end among the parts, with its rows, and then what came behind the last end. */
async function copiesOf(one: ReturnType<typeof asked>): Promise<(string | number)[]> {
  const copies: (string | number)[] = [];
  let text = "";
  for (const { bytes, ends } of await partsOf(one)) {
    let from = 0;
    for (const { at, rows } of ends) {
      copies.push(text + bytes.toString("latin1", from, at), rows);
      [text, from] = ["", at];
    }
    text += bytes.toString("latin1", from);
  }
  return [...copies, text];
}

describe("a COPY on the wire", () => {
  it("gives the rows and nothing else, wherever the reads are cut", async () => {
    const notice = message("N", "Sa notice\0");
    const sent = [
      response,
      message("d", "1\tone\n"),
      notice,
      message("d", ""),
      message("d", "2\ttwo\n"),
      done,
    ];
    const bytes = Buffer.concat([...sent, complete, ready]);
    for (let size = 1; size <= bytes.length; size += 1) {
      const one = asked();
      expect(feed(one, bytes, size)).toEqual(Buffer.concat([notice, complete, ready]));
      expect(await textOf(one)).toBe("1\tone\n2\ttwo\n");
    }
  });

  it("keeps every byte of rows of any length", async () => {
    const rows = fc.array(fc.integer({ min: 0, max: 700_000 }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(rows, fc.integer({ min: 1000, max: 300_000 }), async (lengths, size) => {
        const texts = lengths.map((length, index) => Buffer.alloc(length, 97 + index));
        const one = asked();
        const sent = [response, ...texts.map((text) => message("d", text)), done, complete];
        feed(one, Buffer.concat(sent), size);
        expect(await textOf(one)).toBe(Buffer.concat(texts).toString("latin1"));
      }),
      { numRuns: 30 },
    );
  });

  it("completes only when the data, the command and the server are all done", async () => {
    const whole = asked();
    feed(whole, Buffer.concat([response, done]), 64);
    whole.query.handleCommandComplete({ text: "COPY 2" });
    whole.query.handleReadyForQuery();
    await whole.query.completed;
    expect(whole.query.rows).toBe(2);

    const noData = asked();
    noData.query.handleCommandComplete({ text: "COPY 2" });
    noData.query.handleReadyForQuery();
    await expect(noData.query.completed).rejects.toThrow("without saying so");

    const noCommand = asked();
    feed(noCommand, Buffer.concat([response, message("d", "1\n"), done]), 64);
    noCommand.query.handleReadyForQuery();
    await expect(noCommand.query.completed).rejects.toThrow("without saying so");
  });

  it("leaves an error of the server to pg, after rows too", async () => {
    const error = message("E", "SERROR\0C22012\0\0");
    for (const before of [[], [response], [response, message("d", "1\n")]]) {
      const one = asked();
      expect(feed(one, Buffer.concat([...before, error, ready]), 7)).toEqual(Buffer.concat([error, ready]));
      one.query.handleError(new Error("division by zero"));
      await expect(one.query.completed).rejects.toThrow("division by zero");
    }
  });

  it("cuts a connection on which a message has an impossible length", () => {
    const one = asked();
    feed(one, Buffer.from([0x64, 0, 0, 0, 3, 0x5a, 0, 0, 0, 5, 0x49]), 64);
    expect(one.seen.cut).toBe(true);
    expect(one.passed()).toHaveLength(0);
  });

  it("makes the server wait while nobody reads, and lets it go on when somebody does", async () => {
    const one = asked();
    one.seen.take(response, response.length);
    const row = message("d", Buffer.alloc(60_000, 120));
    let rows = 1;
    while (one.seen.take(row, row.length)) rows += 1;
    expect(rows * row.length).toBeLessThan(2_000_000);
    expect(one.seen.resumed).toBe(0);
    await one.query.parts.next();
    expect(one.seen.resumed).toBe(1);
    expect(one.seen.take(response, 0)).toBe(true);
  });
});

describe("several COPYs in one message", () => {
  const three = ["copy a to stdout", "copy b to stdout", "copy c to stdout"];
  const notice = message("N", "Sa notice\0");

  it("are told apart wherever the reads are cut, empty ones too, and each has its rows", async () => {
    const sent = [
      [response, message("d", "1\n"), message("d", "2\n"), done, notice, complete, notice],
      [response, done, message("C", "COPY 0\0")],
      [response, message("d", "3\n"), done, complete, ready],
    ].flat();
    const bytes = Buffer.concat(sent);
    for (let size = 1; size <= bytes.length; size += 1) {
      const one = asked(three);
      expect(feed(one, bytes, size)).toEqual(Buffer.concat([notice, notice, complete, ready]));
      expect(await copiesOf(one)).toEqual(["1\n2\n", 2, "", 0, "3\n"]);
    }
  });

  it("may all be empty, again and again", async () => {
    const empty = [response, done, message("C", "COPY 0\0")];
    for (let time = 0; time < 3; time += 1) {
      const one = asked(three);
      feed(one, Buffer.concat([...empty, ...empty, response, done, message("C", "COPY 0\0"), ready]), 64);
      expect(await copiesOf(one)).toEqual(["", 0, "", 0, ""]);
    }
  });

  it("keep every byte of each, of any length", async () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 600_000 }), { minLength: 2, maxLength: 9 });
    await fc.assert(
      fc.asyncProperty(lengths, fc.integer({ min: 1000, max: 300_000 }), async (each, size) => {
        const texts = each.map((length, index) => "abcdefghij".charAt(index).repeat(length));
        const one = asked(texts.map((text) => `copy ${text.charAt(0)} to stdout`));
        const sent = texts.map((text, index) =>
          Buffer.concat([response, message("d", text), done, message("C", `COPY ${String(index)}\0`)]),
        );
        feed(one, Buffer.concat([...sent, ready]), size);
        const copies = texts.flatMap((text, index) => [text, index]).slice(0, -1);
        const found = await copiesOf(one);
        expect(
          found.map((of) => (typeof of === "string" ? `${of.slice(0, 1)}${String(of.length)}` : of)),
        ).toEqual(
          copies.map((of) => (typeof of === "string" ? `${of.slice(0, 1)}${String(of.length)}` : of)),
        );
      }),
      { numRuns: 30 },
    );
  });

  it("end with the server's error in the one at hand, and those before it had ended", async () => {
    const error = message("E", "SERROR\0C22012\0\0");
    for (const before of [[], [response], [response, message("d", "3\n")], [response, done]]) {
      const one = asked(three);
      const sent = [response, message("d", "1\n"), done, complete, ...before, error, ready];
      expect(feed(one, Buffer.concat(sent), 7)).toEqual(Buffer.concat([error, ready]));
      one.query.handleError(new Error("division by zero"));
      await expect(one.query.completed).rejects.toThrow("division by zero");
      expect(one.query.statement).toBe("copy b to stdout");
    }
  });

  it("do not complete when one of them ended without its tag, or the server answered fewer", async () => {
    const whole = [response, message("d", "1\n"), done];
    const untold = asked(three);
    feed(untold, Buffer.concat([...whole, message("C", "SELECT 1\0"), ...whole, complete, ...whole]), 64);
    untold.query.handleCommandComplete({ text: "COPY 1" });
    untold.query.handleReadyForQuery();
    await expect(untold.query.completed).rejects.toThrow("without saying so");

    const fewer = asked(three);
    expect(feed(fewer, Buffer.concat([...whole, complete, ...whole, complete, ready]), 64)).toEqual(ready);
    fewer.query.handleReadyForQuery();
    await expect(fewer.query.completed).rejects.toThrow("without saying so");
  });
});
