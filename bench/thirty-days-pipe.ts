/** A sealed file a day, kept by the rule that Holdfast keeps by. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { compactUtc } from "../src/base/clock.ts";
import { backupId, storeName } from "../src/model/ids.ts";
import { keep as keepBy, type Keepable } from "../src/model/keep.ts";
import { type Contestant, type Keep, names } from "./thirty-days-result.ts";
import { writtenIn } from "./written.ts";

const dayMs = 86_400_000;

/** `dump` is a file that holds the day's dump whenever a day begins. */
export function pipeDays(folder: string, dump: string, places: Keep): Contestant {
  const store = join(folder, "files");
  const key = join(folder, "key");
  mkdirSync(store, { recursive: true });
  execFileSync("age-keygen", ["-o", key], { stdio: "ignore" });
  const recipient = execFileSync("age-keygen", ["-y", key], { encoding: "utf8" }).trim();
  const kept = new Map<string, Keepable>();
  return {
    who: names.pipe,
    note: "pg_dump -Fc -Z0 | zstd -3 | age into a file a day, files removed by the same rule; a request for each file that is written or removed; proves nothing",
    day: async (at) => {
      const name = `${compactUtc(at)}-aaaaaa`;
      const path = join(store, name);
      await execa("zstd", ["-3", "-q", "-c", dump]).pipe("age", ["-r", recipient, "-o", path]);
      kept.set(name, keepable(name, at));
      const gone = keepBy([...kept.values()], {
        places,
        timeZone: "UTC",
        everyCopyWithinMs: dayMs,
        now: new Date(at.getTime() + 1),
      }).filter(({ keptBy }) => keptBy.length === 0);
      for (const { backup } of gone) {
        rmSync(join(store, backup));
        kept.delete(backup);
      }
      const { bytes, objects } = writtenIn([store]);
      return {
        storedBytes: bytes,
        objects,
        backups: objects,
        writtenBytes: statSync(path).size,
        requests: { backup: { create: 1 }, prune: { remove: gone.length } },
      };
    },
  };
}

/** What the rule asks of a backup: taken for proven, or nothing would ever go. */
function keepable(name: string, at: Date): Keepable {
  const copy = { state: "present", proof: { verdict: "proven", at: at.toISOString() } } as const;
  return {
    state: {
      backup: backupId.parse(name),
      kind: "daily",
      at: at.toISOString(),
      plainBytes: 0,
      suspect: false,
      copies: new Map([[storeName.parse("files"), copy]]),
    },
    holds: [],
    lockedUntil: null,
  };
}
