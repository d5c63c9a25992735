#!/usr/bin/env -S MALLOC_MMAP_THRESHOLD_=262144 node
/**
 * The program. What it loads is compiled once for all its runs, hence before anything else is loaded.
 *
 * The first line tells glibc to give every buffer of 256 KiB or more memory of its own, which goes back as soon
 * as the buffer does. Left alone glibc raises that bound to the largest buffer it has seen freed, and keeps what
 * is below it in arenas, one for each thread, in which a hundred megabytes of holes gather.
 */
import { keepCompiled } from "./base/keep-compiled.ts";

keepCompiled(process.env);
await import("./start.ts");
