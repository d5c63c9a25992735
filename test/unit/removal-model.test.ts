/**
 * The protocol of removal, explored whole for small casts: no record ever names a missing object, and
 * dropping any one of its rules is found out (promise 1; traps 22, 26, 27).
 */
import { describe, expect, it } from "vitest";
import { type Cast, explore, type Rules, trueRules } from "../support/removal-model.ts";

const nobody: Cast = {
  stores: 1,
  backups: [],
  prunes: [],
  hasReplicate: false,
  hasHeal: false,
  hasLeap: false,
};

const casts: Readonly<Record<string, Cast>> = {
  "a backup and two prunes over two stores": { ...nobody, stores: 2, backups: [[0, 1]], prunes: [2] },
  "two backups and two prunes": { ...nobody, backups: [[0], [0]], prunes: [2] },
  "a backup that one store is down for, and two hosts that prune": {
    ...nobody,
    stores: 2,
    backups: [[1]],
    prunes: [1, 1],
  },
  "a replicate and two prunes": { ...nobody, stores: 2, prunes: [2], hasReplicate: true },
  "a heal, a backup and two prunes": { ...nobody, backups: [[0]], prunes: [2], hasHeal: true },
  "a backup, two prunes and a clock that leaps": {
    ...nobody,
    backups: [[0]],
    prunes: [2],
    hasLeap: true,
  },
};

describe("with every rule", () => {
  it.each(Object.entries(casts))("%s lose nothing and starve nobody, in any order", (_, cast) => {
    expect(explore(cast, trueRules)).toMatchObject({ kind: "sound" });
  });
});

const without: readonly (readonly [string, Partial<Rules>, keyof typeof casts, "lost" | "starved"])[] = [
  ["a grace time longer than a look is valid", { graceTicks: 0 }, "two backups and two prunes", "lost"],
  ["a second reading of the records", { readsRecordsAgain: false }, "two backups and two prunes", "lost"],
  ["a reading of the condemned lists", { readsCondemned: false }, "two backups and two prunes", "lost"],
  ["a limit of age", { hasAgeLimit: false }, "two backups and two prunes", "starved"],
  [
    "the digest of the sealed bytes in the key",
    { hasDigestInKey: false },
    "two backups and two prunes",
    "starved",
  ],
  ["the host's clock", { needsBothClocks: false }, "a backup, two prunes and a clock that leaps", "lost"],
];

describe("without", () => {
  it.each(without)("%s a way to harm is found", (_, change, cast, harm) => {
    const outcome = explore(casts[cast] ?? nobody, { ...trueRules, ...change });
    expect(outcome).toMatchObject({ kind: harm });
  });
});
