/** The peer that everybody writes first: pg_dump through zstd and age into two files. */
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { BenchDatabase } from "./bench-database.ts";
import { type Contender, zstdLevelDefault } from "./contender.ts";

/** `level`: of zstd; as Holdfast's where nothing else is told. */
export function pipePeer(database: BenchDatabase, folder: string, level = zstdLevelDefault): Contender {
  const [one, two, scratch] = ["one", "two", "scratch"].map((name) => join(folder, "pipe", name));
  const key = join(folder, "pipe", "key");
  const environment = {
    PGBIN: database.binFolder,
    ONE: one ?? "",
    TWO: two ?? "",
    SCRATCH: scratch ?? "",
    AGE_KEY: key,
  };
  let recipient = "";
  return {
    name: "pg_dump | zstd | age",
    note: `pg_dump -Fc -Z0 | zstd -${String(level)} | age | tee into two files; restored by age -d | zstd -d into a plaintext file, then pg_restore -j2; proves nothing`,
    createsTarget: false,
    async prepare() {
      for (const place of [one, two, scratch]) mkdirSync(place ?? "", { recursive: true });
      execFileSync("age-keygen", ["-o", key], { stdio: "ignore" });
      recipient = execFileSync("age-keygen", ["-y", key], { encoding: "utf8" }).trim();
    },
    backup: () => ({
      script: `name="$(date +%s%N).dump"; "$PGBIN/pg_dump" -Fc -Z0 | zstd -${String(level)} -q | age -r "$RECIPIENT" | tee "$ONE/$name" > "$TWO/$name"`,
      environment: { ...environment, ...database.environment(database.name), RECIPIENT: recipient },
      writesInto: [one ?? "", two ?? ""],
    }),
    restore: (target) => ({
      script: `newest="$(ls "$ONE" | sort -n | tail -1)"; age -d -i "$AGE_KEY" "$ONE/$newest" | zstd -dc > "$SCRATCH/plain"; "$PGBIN/pg_restore" -j2 -d "$PGDATABASE" "$SCRATCH/plain"; rm "$SCRATCH/plain"`,
      environment: { ...environment, ...database.environment(target) },
      writesInto: [],
    }),
    verify: () => null,
  };
}
