#!/usr/bin/env -S MALLOC_ARENA_MAX=1 MALLOC_MMAP_THRESHOLD_=1048576 MALLOC_TRIM_THRESHOLD_=8388608 node
/**
 * The program. What it loads is compiled once for all its runs, hence before anything else is loaded.
 *
 * The first line tells glibc to keep one arena for all threads, so that what one has given back another is given,
 * and 8 MiB of it that are free. Left alone it has an arena for each thread, in which a hundred megabytes of holes
 * gather. Buffers of 1 MiB or more have memory of their own, which goes back as soon as the buffer does; were it so
 * for smaller ones too, such as what zstd works in, a tenth of all time would go into the pages that the kernel clears.
 */
import { setFlagsFromString } from "node:v8";
import { keepCompiled } from "./base/keep-compiled.ts";

/** Longer than a small tenant takes. */
const growsForMs = 1_000;

// What passes through here are buffers outside of the heap, each with a small object in front of it. A young
// generation that grows to its usual size is collected so seldom that 100 MB of them gather. Said only to a run that
// has gone on for a while: under other flags the runtime does not use what it has compiled of itself beforehand,
// nor would its threads, and a small generation is collected often while a program is being loaded.
setTimeout(() => {
  setFlagsFromString("--semi-space-growth-factor=1");
}, growsForMs).unref();

if (hasWorkingFolder()) {
  keepCompiled(process.env);
  if (!("AsyncDisposableStack" in globalThis)) await import("./base/disposable-stacks.ts");
  await import("./start.ts");
} else {
  // In the words of any other failure, none of which can be loaded: libraries ask for the folder as they load.
  const error = {
    code: "usage/invalid",
    message: "the working folder is gone",
    hint: "change to a folder that is there",
  };
  if (process.argv.includes("--json")) process.stdout.write(`${JSON.stringify({ error }, null, 2)}\n`);
  process.stderr.write(`error: ${error.message}\n  hint: ${error.hint}\n`);
  process.exitCode = 2;
}

function hasWorkingFolder(): boolean {
  try {
    process.cwd();
    return true;
  } catch {
    return false;
  }
}
