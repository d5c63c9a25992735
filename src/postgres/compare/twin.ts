import { run } from "../../base/program.ts";
import { compareResult, notRun, type CheckResult, type Finding } from "../../model/check.ts";
import { programEnvironment } from "../session/address.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import type { Programs } from "../server/programs.ts";
import { laterSettings } from "../session/startup.ts";
import type { Comparison, Restored } from "./restored.ts";

const linesShown = 10;

/**
 * The loaded database dumps the same schema as an empty one restored from the same archive on the
 * same server: loading rows altered nothing (trap 14).
 */
export async function checkTwin(comparison: Comparison): Promise<CheckResult> {
  const { restored } = comparison;
  if (restored.twin === null) return notRun("twin", "irrelevant", "there is no empty twin to compare with");
  const twin = restored.twin();
  const texts = await Promise.allSettled([
    schemaText(comparison, restored.admin),
    twin.then((address) => schemaText(comparison, address)),
  ]);
  const [loaded, empty] = texts.map(valueOf);
  if (loaded === undefined || empty === undefined) return notRun("twin", "machine", "pg_dump said nothing");
  const findings = loaded.equals(empty) ? [] : differences(loaded, empty);
  return compareResult("twin", 1, findings, `${String(loaded.length)} bytes of schema text are equal`);
}

async function schemaText({ restored, options, wait }: Comparison, address: ServerAddress): Promise<Buffer> {
  const { stdout } = await run(
    {
      file: options.programs.pgDump,
      args: ["--schema-only", "--no-sync", "--lock-wait-timeout=60000"],
      env: programEnvironment(address, startupOf(options.programs, restored)),
    },
    wait,
  );
  return withoutRestriction(stdout);
}

/** Thrown only once both programs have ended. */
function valueOf(settled: PromiseSettledResult<Buffer>): Buffer {
  if (settled.status === "rejected") throw settled.reason;
  return settled.value;
}

/** From 17 on an event trigger of the tenant may fire on login; only a superuser, as on scratch, can keep it asleep. */
function startupOf({ versionNum }: Programs, { side }: Restored): Record<string, string> {
  const asleep = versionNum >= 170_000 && side === "scratch" ? { event_triggers: "off" } : {};
  return { ...laterSettings(versionNum), ...asleep };
}

/** Newer minor releases wrap the text in \restrict and \unrestrict with a random key. */
function withoutRestriction(text: Buffer): Buffer {
  const spelt = text.toString("latin1");
  const key = /^\\restrict (\S+)$/m.exec(spelt)?.[1];
  if (key === undefined) return text;
  return Buffer.from(
    spelt
      .replace(`\\restrict ${key}\n`, "")
      .replace(new RegExp(`\\\\unrestrict ${key}\n(?![^]*\\\\unrestrict)`), ""),
    "latin1",
  );
}

function differences(loaded: Buffer, empty: Buffer): Finding[] {
  const here = loaded.toString("utf8").split("\n");
  const there = empty.toString("utf8").split("\n");
  const secret = new Set([loaded, empty].flatMap((text) => secretLines(text.toString("utf8"))));
  const gone = there.filter((line) => !new Set(here).has(line));
  const added = here.filter((line) => !new Set(there).has(line));
  const spelt = (word: string, lines: readonly string[]): string =>
    lines
      .slice(0, linesShown)
      .map((line) => `${word} ${secret.has(line) ? "(an option of a user mapping, or a connection)" : line}`)
      .join("\n");
  const difference = [spelt("-", gone), spelt("+", added)].filter((part) => part !== "").join("\n");
  return [
    {
      subject: "schema text",
      difference: difference === "" ? "the same lines in another order" : difference,
    },
  ];
}

/** Those that hold passwords of other servers: what differs is printed, and ends up in logs (trap 34). */
function secretLines(text: string): string[] {
  const mappings = text.matchAll(/^CREATE USER MAPPING FOR (?:[^;'"]|'[^']*'|"[^"]*")*;/gm);
  const options = Array.from(mappings, ([statement]) => statement.split("\n").slice(1, -1)).flat();
  return [...options, ...(text.match(/^CREATE SUBSCRIPTION .*$/gm) ?? [])];
}
