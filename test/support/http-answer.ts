/** An answer of HTTP/1.1 that ends sooner than it should and whose framing says that all is well. */

const headEnd = Buffer.from("\r\n\r\n");

export type Framing = "length" | "chunked" | "close";

interface Part {
  readonly bytes: Buffer;
  readonly last: boolean;
  /** Whether with this the answer has become another. */
  readonly changed: boolean;
}

/** What an answer of S3 that refuses looks like. */
export function refusal(status: number, code: string): Buffer {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>as the test wished</Message></Error>`;
  const head = `HTTP/1.1 ${String(status)} ${code}\r\ncontent-type: application/xml\r\ncontent-length: ${String(body.length)}\r\n\r\n`;
  return Buffer.from(head + body);
}

/**
 * Takes an answer as it comes and returns what is to be passed on: the head, with a framing that fits
 * only the first `bytes` of the body, and those. With the last of them the connection is to end.
 */
export function endingEarly({
  bytes,
  framing,
}: {
  readonly bytes: number;
  readonly framing: Framing;
}): (part: Buffer) => Part {
  let head: Buffer | null = Buffer.alloc(0);
  let left = bytes;
  let more = true;
  return (part) => {
    let body = part;
    let first = Buffer.alloc(0);
    if (head !== null) {
      head = Buffer.concat([head, part]);
      const end = head.indexOf(headEnd);
      if (end < 0) return { bytes: Buffer.alloc(0), last: false, changed: false };
      body = head.subarray(end + headEnd.length);
      const text = head.subarray(0, end).toString("latin1");
      const announced = Number(/^content-length: *(\d+)/im.exec(text)?.[1] ?? Infinity);
      more = announced > bytes;
      left = Math.min(left, announced);
      first = Buffer.from(`${reframed(text, framing, left)}\r\n\r\n`, "latin1");
      head = null;
    }
    const taken = body.subarray(0, left);
    left -= taken.length;
    const last = left === 0;
    return { bytes: Buffer.concat([first, framed(taken, framing, last)]), last, changed: last && more };
  };
}

/**
 * Flips a bit of the body, another one for each number; what the server says in XML, where nothing would
 * tell one listing from another, is left as it is.
 */
export function spoilt(nth: number): (part: Buffer) => Part {
  let head: Buffer | null = Buffer.alloc(0);
  let done = false;
  return (part) => {
    if (done) return { bytes: part, last: false, changed: false };
    let first: Buffer = Buffer.alloc(0);
    let body = part;
    if (head !== null) {
      head = Buffer.concat([head, part]);
      const end = head.indexOf(headEnd);
      if (end < 0) return { bytes: Buffer.alloc(0), last: false, changed: false };
      first = head.subarray(0, end + headEnd.length);
      body = head.subarray(end + headEnd.length);
      head = null;
      done = /^content-type: *application\/xml/im.test(first.toString("latin1"));
    }
    if (done || body.length === 0)
      return { bytes: Buffer.concat([first, body]), last: false, changed: false };
    done = true;
    const other = Buffer.from(body);
    const at = (nth * 31) % other.length;
    other[at] = (other[at] ?? 0) ^ (1 << (nth % 8));
    return { bytes: Buffer.concat([first, other]), last: false, changed: true };
  };
}

function reframed(head: string, framing: Framing, bytes: number): string {
  const kept = head
    .split("\r\n")
    .filter((line) => !/^(?:content-length|transfer-encoding|connection):/i.test(line));
  const added = {
    length: `content-length: ${String(bytes)}`,
    chunked: "transfer-encoding: chunked",
    close: null,
  }[framing];
  return [...kept, "connection: close", ...(added === null ? [] : [added])].join("\r\n");
}

function framed(body: Buffer, framing: Framing, last: boolean): Buffer {
  if (framing !== "chunked") return body;
  const start =
    body.length === 0 ? [] : [Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from("\r\n")];
  return Buffer.concat([...start, Buffer.from(last ? "0\r\n\r\n" : "")]);
}
