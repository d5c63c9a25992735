/**
 * A line to a server that is far away, in a process of its own, as what measures beside it would hold it up:
 * `node bench/delayed-line.ts PORT ROUND_TRIP_MS` says the port it listens on, and lives until its parent does not.
 */
import { startProxy } from "../test/support/proxy.ts";

const [port, roundTripMs] = process.argv.slice(2).map(Number);
if (port === undefined || roundTripMs === undefined) throw new Error("which port, and how far away?");
await using line = await startProxy({ port }, { protocol: "http", roundTripMs });
process.stdout.write(`${String(line.port)}\n`);
await new Promise((resolve) => process.stdin.once("close", resolve).resume());
