/** The entry of a worker thread: answers what `messages.ts` says can be asked. */
import { parentPort, type Transferable } from "node:worker_threads";
import { Failure } from "../base/failure.ts";
import {
  type Answer,
  type Ask,
  flatten,
  owned,
  type Reply,
  type Request,
  type StreamStep,
} from "./messages.ts";
import { release } from "../base/release.ts";
import { seal, unseal } from "./seal.ts";
import type { CutChunk, SealedBytes } from "./sealing.ts";
import { StreamWork } from "./stream-work.ts";

interface Outcome {
  readonly answer: Answer;
  readonly transfer: readonly Transferable[];
}

const streams = new Map<number, StreamWork>();

parentPort?.on("message", (request: Request) => {
  void serve(request);
});

/** Never throws: what goes wrong is the answer. */
async function serve({ id, ask }: Request): Promise<void> {
  try {
    const { answer, transfer } = await outcomeOf(ask);
    post({ kind: "answer", id, answer }, transfer);
  } catch (error) {
    post({ kind: "failed", id, failure: flatten(error) }, []);
  }
}

async function outcomeOf(ask: Ask): Promise<Outcome> {
  switch (ask.kind) {
    case "start":
      streams.set(ask.stream, new StreamWork(ask.keys, ask.known, ask.measure));
      return { answer: null, transfer: [] };
    case "push":
      return stepOutcome(await streamOf(ask.stream).push(ask.plain, ask.granted));
    case "next":
      return stepOutcome(await streamOf(ask.stream).next());
    case "drop":
      streams.get(ask.stream)?.drop();
      streams.delete(ask.stream);
      return { answer: null, transfer: [] };
    case "document": {
      const sealed = transferable(await seal(ask.plain, ask.recipients, ask.zstdLevel));
      release(ask.plain);
      return { answer: sealed, transfer: [sealed.body.buffer] };
    }
    case "open": {
      const plain = owned(await unseal(ask.sealed, ask.identity, ask.length));
      release(ask.sealed);
      return { answer: plain, transfer: [plain.buffer] };
    }
  }
}

function stepOutcome(step: StreamStep): Outcome {
  const transfer: Transferable[] = step.spare === null ? [] : [step.spare];
  const chunks = step.chunks.map((chunk): CutChunk => {
    if (chunk.sealed === null) return chunk;
    const sealed = transferable(chunk.sealed);
    transfer.push(sealed.body.buffer);
    return { ...chunk, sealed };
  });
  return { answer: { ...step, chunks }, transfer };
}

function transferable({
  body,
  sha256,
}: SealedBytes): SealedBytes & { readonly body: Uint8Array<ArrayBuffer> } {
  return { body: owned(body), sha256 };
}

function streamOf(id: number): StreamWork {
  const stream = streams.get(id);
  if (stream === undefined) throw new Failure("internal/bug", "no such stream in this worker");
  return stream;
}

function post(reply: Reply, transfer: readonly Transferable[]): void {
  parentPort?.postMessage(reply, [...transfer]);
}
