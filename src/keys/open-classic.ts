/**
 * A small age file for an X25519 identity (age-encryption.org/v1) by `node:crypto`: its header, and a payload of one
 * piece. The library reads even a hundred bytes through streams, which took a tenth of the main thread's time in the
 * backup of a small tenant.
 */
import { timingSafeEqual } from "node:crypto";
import type { Identity, Stanza } from "age-encryption";
import { headerMac } from "../base/age-header-mac.ts";
import { payloadBytes, readPayload, segmentBytes } from "../base/age-payload.ts";
import { x25519Identity } from "../base/age-x25519.ts";
import { fromUnpadded } from "../base/unpadded-base64.ts";
import { Failure, isFailure } from "../base/failure.ts";

const version = "age-encryption.org/v1";
const columns = 64;

/** Null when no stanza is for `identity`; altered or malformed: "sealing/damaged"; no X25519 identity: "keys/identity". */
export async function openClassic(sealed: Uint8Array, identity: string): Promise<Buffer | null> {
  const reader = x25519Identity(identity);
  const file = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const { signed, mac, stanzas, payload } = headerOf(file);
  const fileKey = await unwrapped(reader, stanzas);
  if (fileKey === null) return null;
  const expected = headerMac(fileKey, signed);
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) throw damaged("its MAC is another");
  if (payload.length > payloadBytes(segmentBytes)) throw damaged("its payload is longer than any key");
  return readPayload(fileKey, payload);
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
  const last = file.indexOf("\n---");
  const end = last === -1 ? -1 : file.indexOf("\n", last + 1);
  if (end === -1) throw damaged("it has no header");
  const text = file.toString("latin1", 0, end);
  const lines = text.split("\n");
  const [, macText] = /^--- (\S+)$/.exec(lines.pop() ?? "") ?? [];
  if (lines.shift() !== version || macText === undefined) throw damaged("its header is another");
  const stanzas: Stanza[] = [];
  while (lines.length > 0) stanzas.push(stanzaOf(lines));
  if (stanzas.length === 0) throw damaged("it is sealed to nobody");
  const signed = file.subarray(0, last + "\n---".length);
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
  return new Failure("sealing/damaged", `a key object is malformed or altered: ${why}`, { cause });
}
