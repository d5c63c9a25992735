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

// What passes through here are buffers outside of the heap, each with a small object in front of it. A young
// generation that grows to its usual size is collected so seldom that 100 MB of them gather; and it grows while
// the program is being loaded, by 28 MB that a backup may end before it gives back.
setFlagsFromString("--semi-space-growth-factor=1");

keepCompiled(process.env);
await import("./start.ts");
