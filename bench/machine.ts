import { execFileSync } from "node:child_process";
import { cpus, release, totalmem } from "node:os";

export interface Machine {
  readonly cores: number;
  readonly cpu: string;
  readonly memoryGb: number;
  readonly kernel: string;
  readonly node: string;
  readonly programs: Readonly<Record<string, string>>;
}

/** What the figures were measured on; a figure without it says nothing. */
export function thisMachine(binFolder: string): Machine {
  const all = cpus();
  return {
    cores: all.length,
    cpu: all[0]?.model.trim() ?? "unknown",
    memoryGb: Math.round(totalmem() / 1e9),
    kernel: release().split("-")[0] ?? release(),
    node: process.version,
    programs: {
      postgres: said(`${binFolder}/postgres`, "--version"),
      age: said("age", "--version"),
      zstd: said("zstd", "--version"),
      restic: said("restic", "version"),
    },
  };
}

function said(program: string, flag: string): string {
  return execFileSync(program, [flag], { encoding: "utf8" }).trim();
}
