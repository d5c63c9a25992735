/** The tenant of the challenge on a test's server, its clones, and trials of backups of them held in memory. */
import { systemChance } from "../../src/base/chance.ts";
import type { DumpDamage, LoadDamage, Original, SampleTenant } from "../../src/challenge/damage.ts";
import { forge } from "../../src/challenge/dump/forge.ts";
import { samplesOn } from "../../src/challenge/source.ts";
import { judge, passed, type CheckResult } from "../../src/model/check.ts";
import type { Verdict } from "../../src/model/glossary.ts";
import type { Image } from "../../src/postgres/image.ts";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { connect } from "../../src/postgres/session/connect.ts";
import { tryOutOn } from "../../src/verify/try-out.ts";
import { memoryImage } from "./memory-image.ts";
import { testBinFolder, testRunAs, testServerRoot, testWait } from "./postgres-server.ts";
import { readAll, snapshotOf } from "./read-snapshot.ts";

/** As the challenge has it: small enough for its large table to be read in several ranges. */
const sliceBlocks = 64;

export async function runSql(
  server: PrivateServer,
  database: string,
  statements: readonly string[],
): Promise<void> {
  await samplesOn(server.address).sql(database, statements, testWait());
}

export async function makeSample(
  server: PrivateServer,
  sample: SampleTenant,
  database: string,
): Promise<void> {
  await samplesOn(server.address).make(sample, database, testWait());
}

/** As a clone of the database `from`. */
export async function cloneSample(
  server: PrivateServer,
  sample: SampleTenant,
  from: string,
  database: string,
): Promise<void> {
  await samplesOn(server.address).clone(sample, from, database, testWait());
}

export interface MeasuredTenant {
  readonly image: Image;
  readonly original: Original;
}

export async function measured(server: PrivateServer, database: string): Promise<MeasuredTenant> {
  await using snapshot = await snapshotOf(server, database, { sliceBlocks });
  const backup = await readAll(snapshot);
  const archive = backup.streams.get(backup.fingerprint.schema.stream) ?? Buffer.alloc(0);
  return { image: memoryImage(backup), original: { fingerprint: backup.fingerprint, archive } };
}

/** A backup of `database` as it is now that swears to what `original` was. */
export async function forgedImage(
  server: PrivateServer,
  database: string,
  damage: DumpDamage,
  original: Original,
): Promise<Image> {
  const clone = await snapshotOf(server, database, { sliceBlocks });
  await using snapshot = forge(damage, clone, original);
  return memoryImage(await readAll(snapshot));
}

interface Trial {
  readonly verdict: Verdict;
  readonly checks: readonly CheckResult[];
}

export async function tried(image: Image, altered: LoadDamage["altered"] = []): Promise<Trial> {
  const ground = {
    root: testServerRoot,
    runAs: testRunAs(),
    binFolders: [testBinFolder()],
    jobs: 2,
    chance: systemChance,
  };
  const { checks } = await tryOutOn(ground, {
    assertions: [],
    indexes: false,
    onProgress: () => undefined,
    loaded: async (restored, wait) => {
      await using session = await connect(restored, "scratch", { ownSearchPath: true }, wait);
      for (const statement of altered) await session.query(statement);
    },
  })(image, testWait());
  return { verdict: judge([passed("copy", 1, ""), ...checks]), checks };
}
