/** The requests in what a client says over one connection of HTTP/1.1, as it is said. */

export type HttpPart =
  /** `line` is the request line without the version: `PUT /bucket/key?x-id=PutObject`. */
  | { readonly kind: "head"; readonly bytes: Buffer; readonly line: string; readonly last: boolean }
  | { readonly kind: "body"; readonly bytes: Buffer; readonly last: boolean };

const headEnd = Buffer.from("\r\n\r\n");

/** Cuts the bytes of a connection into heads and bodies; only bodies of an announced length. */
export class HttpRequests {
  #head = Buffer.alloc(0);
  #bodyLeft = 0;

  *take(part: Buffer): Generator<HttpPart> {
    let rest = part;
    while (rest.length > 0) {
      if (this.#bodyLeft > 0) {
        const bytes = rest.subarray(0, this.#bodyLeft);
        this.#bodyLeft -= bytes.length;
        rest = rest.subarray(bytes.length);
        yield { kind: "body", bytes, last: this.#bodyLeft === 0 };
        continue;
      }
      const sofar = Buffer.concat([this.#head, rest]);
      const end = sofar.indexOf(headEnd);
      if (end < 0) {
        this.#head = sofar;
        return;
      }
      const bytes = sofar.subarray(0, end + headEnd.length);
      rest = sofar.subarray(bytes.length);
      this.#head = Buffer.alloc(0);
      const text = bytes.toString("latin1");
      this.#bodyLeft = lengthOf(text);
      const line = text.slice(0, text.indexOf("\r\n")).replace(/ HTTP\/1\.[01]$/, "");
      yield { kind: "head", bytes, line, last: this.#bodyLeft === 0 };
    }
  }
}

function lengthOf(head: string): number {
  if (/^transfer-encoding:/im.test(head)) throw new Error("a body without a length is not for this proxy");
  return Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
}
