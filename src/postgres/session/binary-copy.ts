import { Failure } from "../../base/failure.ts";

const signature = Buffer.from("PGCOPY\n\xff\r\n\0", "latin1");
/** Signature, flags, length of an extension that no version of PostgreSQL uses. */
const headerBytes = signature.length + 8;

/**
 * Rows of `COPY … (FORMAT binary)` (PostgreSQL documentation, COPY, "Binary Format"), each as its fields;
 * `null` stands for NULL. Holds no more than one row. Fails with "source/lost" when the format ends early.
 */
export async function* binaryRows(bytes: AsyncIterable<Buffer>): AsyncGenerator<(Buffer | null)[]> {
  let held: Buffer = Buffer.alloc(0);
  let hasHeader = false;
  let hasTrailer = false;
  for await (const part of bytes) {
    held = held.length === 0 ? part : Buffer.concat([held, part]);
    if (!hasHeader) {
      if (held.length < headerBytes) continue;
      if (!held.subarray(0, signature.length).equals(signature)) throw broken("has no signature");
      held = held.subarray(headerBytes);
      hasHeader = true;
    }
    for (let row = firstRow(held); row !== null; row = firstRow(held)) {
      if (row.fields === null) hasTrailer = true;
      else yield row.fields;
      held = held.subarray(row.bytes);
    }
  }
  if (!hasTrailer || held.length > 0) throw broken("ended early");
}

/** The row at the start, `fields: null` for the trailer, or null where not all of it is there yet. */
function firstRow(
  held: Buffer,
): { readonly fields: (Buffer | null)[] | null; readonly bytes: number } | null {
  if (held.length < 2) return null;
  const count = held.readInt16BE(0);
  if (count === -1) return { fields: null, bytes: 2 };
  const fields: (Buffer | null)[] = [];
  let at = 2;
  for (let field = 0; field < count; field += 1) {
    if (held.length < at + 4) return null;
    const length = held.readInt32BE(at);
    at += 4;
    if (length === -1) {
      fields.push(null);
      continue;
    }
    if (held.length < at + length) return null;
    fields.push(held.subarray(at, at + length));
    at += length;
  }
  return { fields, bytes: at };
}

function broken(how: string): Failure {
  return new Failure("source/lost", `a COPY in binary format ${how}`);
}
