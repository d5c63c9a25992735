/** The peer that dedupes: restic from standard input. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BenchDatabase } from "./bench-database.ts";
import type { Contender } from "./contender.ts";

export function resticPeer(database: BenchDatabase, folder: string): Contender {
  const repository = join(folder, "restic", "repository");
  const environment = {
    PGBIN: database.binFolder,
    RESTIC_REPOSITORY: repository,
    RESTIC_PASSWORD: "bench",
    RESTIC_CACHE_DIR: join(folder, "restic", "cache"),
  };
  return {
    name: "restic",
    note: "pg_dump -Fc -Z0 | restic backup --stdin into one repository, where the others write two copies; restored by restic dump | pg_restore; proves nothing",
    createsTarget: false,
    async prepare() {
      mkdirSync(repository, { recursive: true });
      execFileSync("restic", ["init", "-q"], { env: { ...process.env, ...environment }, stdio: "ignore" });
    },
    backup: () => ({
      script: `"$PGBIN/pg_dump" -Fc -Z0 | restic backup -q --stdin --stdin-filename bench.dump`,
      environment: { ...environment, ...database.environment(database.name) },
      writesInto: [repository],
    }),
    restore: (target) => ({
      script: `restic dump -q latest bench.dump | "$PGBIN/pg_restore" -d "$PGDATABASE"`,
      environment: { ...environment, ...database.environment(target) },
      writesInto: [],
    }),
    verify: () => null,
  };
}
