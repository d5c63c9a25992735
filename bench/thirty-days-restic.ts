/** restic with one repository: a backup of the day's dump, then `forget --prune` with the plan's own numbers. */
import { join } from "node:path";
import { execa } from "execa";
import { startResticServer } from "./restic-server.ts";
import { type Contestant, type Keep, names, RequestTally } from "./thirty-days-result.ts";
import { writtenIn } from "./written.ts";

/** `dump` is a file that holds the day's dump whenever a day begins. */
export async function resticDays(
  folder: string,
  dump: string,
  keep: Keep,
): Promise<Contestant & AsyncDisposable> {
  const repository = join(folder, "repository");
  const server = await startResticServer(repository);
  const restic = async (...args: readonly string[]): Promise<string> => {
    const ran = await execa("restic", args, {
      env: {
        TZ: "UTC",
        RESTIC_REPOSITORY: server.repository,
        RESTIC_PASSWORD: "bench",
        RESTIC_CACHE_DIR: join(folder, "cache"),
      },
      ...(args[0] === "backup" ? { inputFile: dump } : { stdin: "ignore" }),
    });
    return ran.stdout;
  };
  const rules = Object.entries(keep).flatMap(([period, places]) =>
    places === 0 ? [] : [`--keep-${period}`, String(places)],
  );
  await restic("init", "--quiet");
  return {
    who: names.restic,
    note: "pg_dump -Fc -Z0, restic backup --stdin into one repository and forget --prune with the plan's numbers, its own cache kept, requests as its REST backend makes them; proves nothing",
    day: async (at) => {
      const tally = new RequestTally();
      server.onRequest = (operation, bytes) => tally.count(operation, 1, bytes);
      tally.begin("backup");
      const time = at.toISOString().slice(0, 19).replace("T", " ");
      await restic(
        "backup",
        "--quiet",
        "--stdin",
        "--stdin-filename",
        "bench.dump",
        "--host",
        "bench",
        "--time",
        time,
      );
      tally.begin("prune");
      await restic("forget", "--quiet", "--prune", ...rules);
      const { bytes, objects } = writtenIn([repository]);
      const { objects: backups } = writtenIn([join(repository, "snapshots")]);
      return {
        storedBytes: bytes,
        objects,
        backups,
        writtenBytes: tally.writtenBytes,
        requests: tally.steps,
      };
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
