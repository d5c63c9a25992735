import { run } from "../../base/program.ts";
import { compareResult, notRun, type CheckResult } from "../../model/check.ts";
import type { Census } from "../../model/fingerprint.ts";
import { readWholeCensus } from "../readings/census.ts";
import { programEnvironment } from "../session/address.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import type { Programs } from "../server/programs.ts";
import { laterSettings } from "../session/startup.ts";
import { readingCatalogs } from "../session/settings.ts";
import { compareTwins } from "./census.ts";
import { openExact, type Comparison, type Restored } from "./restored.ts";
import { differencesOfText } from "./schema-text.ts";

/**
 * The loaded database dumps the same schema as an empty one restored from the same archive on the
 * same server: loading rows altered nothing (trap 14). Nor did it alter what extensions made, of which no dump tells: both
 * ran the same scripts, so every attribute of their members is the same, be it as in the source or not.
 */
export async function checkTwin(comparison: Comparison): Promise<CheckResult> {
  const { restored } = comparison;
  if (restored.twin === null) return notRun("twin", "irrelevant", "there is no empty twin to compare with");
  const twin = restored.twin();
  const settled = await Promise.allSettled([
    lookedAt(comparison, restored.admin),
    twin.then((address) => lookedAt(comparison, address)),
  ]);
  const [loaded, empty] = settled.map(valueOf);
  if (loaded === undefined || empty === undefined) return notRun("twin", "machine", "pg_dump said nothing");
  const findings = [
    ...(loaded.text.equals(empty.text) ? [] : differencesOfText(loaded.text, empty.text)),
    ...compareTwins(empty.census, loaded.census),
  ];
  const objects = empty.census.reduce((sum, { count }) => sum + count, 0);
  const equal = `${String(loaded.text.length)} bytes of schema text and ${String(objects)} objects of the catalogs are equal`;
  return compareResult("twin", 1, findings, equal);
}

interface Looked {
  readonly text: Buffer;
  readonly census: Census;
}

async function lookedAt(comparison: Comparison, address: ServerAddress): Promise<Looked> {
  const { restored, fingerprint, wait } = comparison;
  await using session = await openExact(restored, address, wait);
  const census = await readingCatalogs(session, () => readWholeCensus(session, fingerprint.scope));
  return { text: await schemaText(comparison, address), census };
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
function valueOf(settled: PromiseSettledResult<Looked>): Looked {
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
