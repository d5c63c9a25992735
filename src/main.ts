#!/usr/bin/env -S MALLOC_MMAP_THRESHOLD_=262144 node
/**
 * The program. What it loads is compiled once for all its runs, hence before anything else is loaded.
 *
 * The first line tells glibc to give every buffer of 256 KiB or more memory of its own, which goes back as soon
 * as the buffer does. Left alone glibc raises that bound to the largest buffer it has seen freed, and keeps what
 * is below it in arenas, one for each thread, in which a hundred megabytes of holes gather.
 */
import { setFlagsFromString } from "node:v8";
import { keepCompiled } from "./base/keep-compiled.ts";

// What passes through here are buffers outside of the heap, each with a small object in front of it. A young
// generation that grows to its usual size is collected so seldom that 100 MB of them gather; and it grows while
// the program is being loaded, by 28 MB that a backup may end before it gives back.
setFlagsFromString("--semi-space-growth-factor=1");

keepCompiled(process.env);
await import("./start.ts");
