/**
 * A small age file for an X25519 identity (age-encryption.org/v1) by `node:crypto`: its header, and a payload of one
 * piece. The library reads even a hundred bytes through streams, which took a tenth of the main thread's time in the
 * backup of a small tenant.
 */
import { createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import type { Identity, Stanza } from "age-encryption";
import { x25519Identity } from "../base/age-x25519.ts";
import { Failure, isFailure } from "../base/failure.ts";

const version = "age-encryption.org/v1";
const columns = 64;
const nonceBytes = 16;
const tagBytes = 16;
/** A payload of more than one piece is none of a key object. */
const pieceBytesMax = 64 * 1024;

/** Null when no stanza is for `identity`; altered or malformed: "sealing/damaged"; no X25519 identity: "keys/identity". */
export async function openClassic(sealed: Uint8Array, identity: string): Promise<Buffer | null> {
  const reader = x25519Identity(identity);
  const file = Buffer.from(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  const { signed, mac, stanzas, payload } = headerOf(file);
  const fileKey = await unwrapped(reader, stanzas);
  if (fileKey === null) return null;
  const expected = createHmac("sha256", derived(fileKey, new Uint8Array(), "header"))
    .update(signed)
    .digest();
  if (mac.length !== expected.length || !timingSafeEqual(mac, expected)) throw damaged("its MAC is another");
  return opened(fileKey, payload);
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

/** Of base64 without padding, in the one spelling that it has. */
function bytesOf(text: string): Buffer {
  const bytes = Buffer.from(text, "base64");
  if (bytes.toString("base64").replace(/=+$/, "") !== text) throw damaged("it is no base64");
  return bytes;
}

function opened(fileKey: Uint8Array, payload: Buffer): Buffer {
  const sealed = payload.subarray(nonceBytes);
  if (sealed.length < tagBytes || sealed.length > pieceBytesMax + tagBytes)
    throw damaged("its payload has another length");
  // The first piece, and the last one.
  const counter = new Uint8Array(12);
  counter[counter.length - 1] = 1;
  const key = derived(fileKey, payload.subarray(0, nonceBytes), "payload");
  const decipher = createDecipheriv("chacha20-poly1305", key, counter, { authTagLength: tagBytes });
  decipher.setAuthTag(sealed.subarray(-tagBytes));
  const plain = decipher.update(sealed.subarray(0, -tagBytes));
  try {
    decipher.final();
  } catch (cause) {
    throw damaged("its payload is altered", cause);
  }
  return plain;
}

function derived(fileKey: Uint8Array, salt: Uint8Array, info: string): Buffer {
  return Buffer.from(hkdfSync("sha256", fileKey, salt, info, 32));
}

function damaged(why: string, cause?: unknown): Failure {
  return new Failure("sealing/damaged", `a key object is malformed or altered: ${why}`, { cause });
}
