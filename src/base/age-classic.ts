/**
 * An age file (age-encryption.org/v1) as whoever holds an X25519 identity reads it, by `node:crypto`. The library takes
 * a tenth of a second to be loaded, by every thread, and twice as long over a header.
 */
import { timingSafeEqual } from "node:crypto";
import type { Identity, Stanza } from "age-encryption";
import { headerMac } from "./age-header-mac.ts";
import { x25519Identity } from "./age-x25519.ts";
import { type Sha256, sha256 } from "./digest.ts";
import { Failure, isFailure } from "./failure.ts";
import { fromUnpadded } from "./unpadded-base64.ts";

const version = "age-encryption.org/v1";
const columns = 64;
/** A longer header is none of ours; it bounds what is searched for the header's end. */
const headerBytesMax = 1024 * 1024;

export interface ClassicFile {
  /** Secret. The header's MAC was made with it. */
  readonly fileKey: Uint8Array;
  /** A view: all that stands behind the header. */
  readonly payload: Buffer;
}

/** Null when no stanza is for `identity`; altered or malformed: "sealing/damaged"; no X25519 identity: "keys/identity". */
export async function readClassic(sealed: Uint8Array, identity: string): Promise<ClassicFile | null> {
  const reader = readerOf(identity);
  const file = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const { signed, mac, stanzas, payload } = headerOf(file);
  const fileKey = await unwrapped(reader, stanzas);
  if (fileKey === null) return null;
  const expected = headerMac(fileKey, signed);
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) throw damaged("its MAC is another");
  return { fileKey, payload };
}

/**
 * A restore opens thousands of files with one identity, and to make its keys takes as long as to use them. A daemon
 * lives for months: it keeps no identity as text, and its keys only until memory is next swept.
 */
let lastReader: { readonly digest: Sha256; readonly reader: WeakRef<Identity> } | null = null;

function readerOf(identity: string): Identity {
  const digest = sha256(Buffer.from(identity));
  const known = lastReader?.digest === digest ? lastReader.reader.deref() : undefined;
  if (known !== undefined) return known;
  const reader = x25519Identity(identity);
  lastReader = { digest, reader: new WeakRef(reader) };
  return reader;
}

async function unwrapped(reader: Identity, stanzas: Stanza[]): Promise<Uint8Array | null> {
  try {
    return await reader.unwrapFileKey(stanzas);
  } catch (cause) {
    // Such as a share of low order, with which nothing can be agreed on.
    throw isFailure(cause) ? cause : damaged("a stanza has a share that is no key", cause);
  }
}

interface Header {
  /** All that the MAC is of. */
  readonly signed: Buffer;
  readonly mac: Buffer;
  readonly stanzas: Stanza[];
  readonly payload: Buffer;
}

function headerOf(file: Buffer): Header {
  const start = file.subarray(0, headerBytesMax);
  const last = start.indexOf("\n---");
  const end = last === -1 ? -1 : start.indexOf("\n", last + 1);
  if (end === -1) throw damaged("it has no header");
  const text = start.toString("latin1", 0, end);
  const lines = text.split("\n");
  const [, macText] = /^--- (\S+)$/.exec(lines.pop() ?? "") ?? [];
  if (lines.shift() !== version || macText === undefined) throw damaged("its header is another");
  const stanzas: Stanza[] = [];
  while (lines.length > 0) stanzas.push(stanzaOf(lines));
  if (stanzas.length === 0) throw damaged("it is sealed to nobody");
  const signed = start.subarray(0, last + "\n---".length);
  return { signed, mac: bytesOf(macText), stanzas, payload: file.subarray(end + 1) };
}

/** Takes its lines off the front: the arguments, then full lines, then one that is not full. */
function stanzaOf(lines: string[]): Stanza {
  const [arrow, ...args] = (lines.shift() ?? "").split(" ");
  if (arrow !== "->" || args.length === 0 || args.some((arg) => !/^[!-~]+$/.test(arg)))
    throw damaged("a stanza has no head");
  let body = "";
  for (;;) {
    const line = lines.shift();
    if (line === undefined || line.length > columns) throw damaged("a stanza has no end");
    body += line;
    if (line.length < columns) return { args, body: bytesOf(body) };
  }
}

function bytesOf(text: string): Buffer {
  const bytes = fromUnpadded(text);
  if (bytes === null) throw damaged("it is no base64");
  return bytes;
}

function damaged(why: string, cause?: unknown): Failure {
  return new Failure("sealing/damaged", `the age header is malformed or altered: ${why}`, { cause });
}
