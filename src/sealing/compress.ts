/**
 * One zstd frame, then one skippable frame of zeros that brings the whole to a Padmé size
 * (trap 29). The padding trails: Node's zstd gives zero bytes, without an error, when it leads.
 * `zstd -dc` reads both frames as they stand.
 */
import { constants, zstdCompressSync, zstdDecompressSync } from "node:zlib";
import { Failure } from "../base/failure.ts";
import { release } from "../base/release.ts";
import { padme } from "./padme.ts";
import { frameLength } from "./zstd-frame.ts";
import { type Manner, parametersFor } from "./zstd-parameters.ts";

const skippableMagic = 0x184d2a50;
const skippableHeaderBytes = 8;
/** Below this Padmé would tell the length nearly to the byte. */
const paddedBytesMin = 512;

/** What a plaintext must turn out to be: exactly so long, or at most. */
export type PlainLength = number | { readonly atMost: number };

export function compress(plain: Uint8Array, level: number, manner: Manner = "text"): Buffer {
  return padded(frameOf(plain, level, manner));
}

/** The zstd frame alone. */
export function frameOf(plain: Uint8Array, level: number, manner: Manner): Buffer {
  return zstdCompressSync(plain, {
    params: {
      [constants.ZSTD_c_compressionLevel]: level,
      ...parametersFor(level, manner, plain.length),
      [constants.ZSTD_c_checksumFlag]: 1,
      [constants.ZSTD_c_contentSizeFlag]: 1,
    },
    pledgedSrcSize: plain.length,
    // One output buffer of the worst size, else Node gathers pieces of 16 KiB.
    chunkSize: plain.length + (plain.length >>> 8) + 1024,
  });
}

/** The frame with its padding behind it; its own memory is released. */
export function padded(frame: Buffer): Buffer {
  const total = padme(Math.max(paddedBytesMin, frame.length + skippableHeaderBytes));
  const whole = Buffer.alloc(total);
  const { length } = frame;
  frame.copy(whole);
  whole.writeUInt32LE(skippableMagic, length);
  whole.writeUInt32LE(total - length - skippableHeaderBytes, length + 4);
  release(frame);
  return whole;
}

/**
 * The plaintext of `compress`. Another length than stated, a second data frame, anything but one
 * skippable frame behind the first, or a frame that does not decode: "sealing/damaged". The output is
 * capped while it is made, so a small file cannot fill the memory.
 */
export function decompress(whole: Buffer, length: PlainLength): Buffer {
  const frame = dataFrame(whole);
  const bytesMax = typeof length === "number" ? length : length.atMost;
  const plain = inflate(frame, bytesMax);
  if (plain.length > bytesMax || (typeof length === "number" && plain.length !== length)) {
    throw damaged(`${String(plain.length)} bytes where ${String(bytesMax)} were stated`);
  }
  return plain;
}

function dataFrame(whole: Buffer): Buffer {
  const end = frameLength(whole);
  if (end === null) throw damaged("no whole zstd frame at its start");
  const rest = whole.subarray(end);
  const skippable =
    rest.length >= skippableHeaderBytes &&
    rest.readUInt32LE(0) === skippableMagic &&
    rest.readUInt32LE(4) === rest.length - skippableHeaderBytes;
  if (!skippable) throw damaged("something other than padding behind its data");
  return whole.subarray(0, end);
}

function inflate(frame: Buffer, bytesMax: number): Buffer {
  try {
    return zstdDecompressSync(frame, {
      maxOutputLength: Math.max(1, bytesMax),
      chunkSize: outputBytes(bytesMax),
    });
  } catch (cause) {
    throw new Failure("sealing/damaged", "the compressed data does not decode to what was stated", { cause });
  }
}

/**
 * The step in which output is allocated: a chunk in one step, and a cap is not reserved before it is needed. One byte
 * more than a chunk has, since Node has the next buffer at hand as soon as one is full: nobody would ever use it, and
 * only the collector would give it back.
 */
function outputBytes(bytesMax: number): number {
  return Math.min(Math.max(bytesMax + 1, 64), 8 * 1024 * 1024 + 1);
}

function damaged(found: string): Failure {
  return new Failure("sealing/damaged", `the compressed data has ${found}`);
}
