import { Readable } from "node:stream";
import type { GetObjectCommandOutput } from "@aws-sdk/client-s3";
import { Failure } from "../base/failure.ts";
import { stillWaiting, type Waiting } from "../base/waiting.ts";
import type { ObjectKey, StoreName } from "../model/ids.ts";
import { readBytesMax, tooLarge } from "./read-limit.ts";

export interface Part {
  readonly from: number;
  /** Exclusive; `null`: to the end. */
  readonly to: number | null;
}

export interface S3Read {
  readonly store: StoreName;
  readonly key: ObjectKey;
  readonly range: { readonly from: number; readonly to: number } | null;
  readonly bytesMax: number | undefined;
  /** Asks for a part, `null` for the whole; with `etag` the store refuses if the object is another by now. */
  ask(part: Part | null, etag: string | null): Promise<GetObjectCommandOutput>;
}

/** Times that one read is taken up again where a connection broke off. */
const resumesMax = 5;

/**
 * The body of one object, of exactly the length that the first answer announced. A connection can
 * end early and look as if all were well: Node says so only when the answer had a length and was
 * not chunked by something in between. So the count decides, and the rest is asked for by range.
 */
export async function readS3(of: S3Read, wait: Waiting): Promise<Buffer> {
  const start = of.range?.from ?? 0;
  const first = await of.ask(of.range, null);
  const announced = announcedBytes(of, first);
  if (announced > (of.bytesMax ?? readBytesMax)) {
    discard(first);
    throw tooLarge(of.key, of.store, announced);
  }
  const target = { body: Buffer.allocUnsafe(announced), filled: 0 };
  let broke = await fill(target, first, of);
  for (let resumes = 0; target.filled < announced; resumes += 1) {
    stillWaiting(wait);
    if (resumes === resumesMax) {
      throw new Failure("store/unreachable", `${of.key} in ${of.store} ended early, again and again`, {
        cause: broke,
      });
    }
    const part = { from: start + target.filled, to: start + announced };
    const rest = await of.ask(part, first.ETag ?? null);
    requireRange(of, part, rest);
    broke = await fill(target, rest, of);
  }
  return target.body;
}

function announcedBytes(of: S3Read, answer: GetObjectCommandOutput): number {
  if (of.range !== null) requireRange(of, of.range, answer);
  if (answer.ContentLength !== undefined) return answer.ContentLength;
  discard(answer);
  throw new Failure("store/protocol", `${of.store} does not say how long ${of.key} is`);
}

function requireRange(of: S3Read, part: Part, answer: GetObjectCommandOutput): void {
  if (answer.ContentRange?.startsWith(`bytes ${String(part.from)}-`) === true) return;
  discard(answer);
  throw new Failure(
    "store/protocol",
    `${of.store} was asked for a part of ${of.key} and sent something else`,
  );
}

/** Fills as far as the answer goes; returns why it broke off, `null` when it ended as if it were whole. */
async function fill(
  target: { readonly body: Buffer; filled: number },
  answer: GetObjectCommandOutput,
  of: S3Read,
): Promise<unknown> {
  try {
    for await (const part of partsOf(answer)) {
      if (part.length > target.body.length - target.filled) {
        throw new Failure("store/corrupt", `${of.store} sent more of ${of.key} than it announced`);
      }
      target.body.set(part, target.filled);
      target.filled += part.length;
    }
    return null;
  } catch (error) {
    if (error instanceof Failure) throw error;
    return error;
  }
}

async function* partsOf({ Body }: GetObjectCommandOutput): AsyncGenerator<Uint8Array> {
  if (!(Body instanceof Readable)) return;
  const parts: AsyncIterable<unknown> = Body;
  for await (const part of parts) if (part instanceof Uint8Array) yield part;
}

/** What is not read would keep its connection. */
function discard({ Body }: GetObjectCommandOutput): void {
  if (Body instanceof Readable) Body.destroy();
}
