/**
 * Verification finds what is done to stores and machines, by name, and accuses nothing that is whole; and the
 * challenge that says so can be failed: by who calls everything proven, by who calls everything refuted, and by
 * who lacks a single check. Damages of dumps and loads, and the rarer ones of machines, are run in the nightly tests.
 */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Failure } from "../../src/base/failure.ts";
import { chooseDamages, damageCatalogue } from "../../src/challenge/catalogue.ts";
import { challenge, type Damage } from "../../src/challenge/challenge.ts";
import { families } from "../../src/challenge/damage.ts";
import { forge } from "../../src/challenge/dump/forge.ts";
import { type Examiner, examiner } from "../../src/challenge/examiner.ts";
import type { Ground } from "../../src/challenge/ground.ts";
import { machineDamage } from "../../src/challenge/machine/machine-damage.ts";
import { randomTenant } from "../../src/challenge/random/random-tenant.ts";
import type { ChallengeReport } from "../../src/challenge/report.ts";
import { blindTo, credulous, stumbling, suspicious } from "../support/blind-examiner.ts";
import { challengeGround } from "../support/challenge-ground.ts";
import { checkNames } from "../../src/model/check.ts";
import { testWait } from "../support/postgres-server.ts";

let ground: Ground;
beforeAll(async () => {
  ground = await challengeGround();
});
afterAll(async () => {
  await ground[Symbol.asyncDispose]();
});

function challenged(
  damages: readonly Damage[],
  tested: Examiner = examiner,
  seeds: readonly number[] = [],
  on: Ground = ground,
): Promise<ChallengeReport> {
  const samples = seeds.map(randomTenant);
  const order = { damages, samples, examiner: tested, forge, width: 2, onResult: () => undefined };
  return challenge(on, order, testWait(380_000));
}

const named = (...only: readonly string[]): readonly Damage[] => chooseDamages({ only, family: null });
const ofFamily = (family: Damage["family"]): readonly Damage[] => chooseDamages({ only: [], family });
const namesOf = (damages: readonly Damage[]): string[] => damages.map(({ name }) => name);

describe("the catalogue of damages", () => {
  it("names each once, in words of its own, and has more than a hundred and fifty of four families", () => {
    const names = namesOf(damageCatalogue);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(damageCatalogue.map(({ title }) => title)).size).toBe(names.length);
    expect(names.filter((name) => !/^[a-z0-9]+(?:-[a-z0-9]+)*$/.test(name))).toEqual([]);
    expect(names.length).toBeGreaterThan(150);
    for (const family of families) expect(ofFamily(family).length).toBeGreaterThanOrEqual(8);
    expect(ofFamily("store").length).toBeGreaterThanOrEqual(26);
  });

  it("says of each who has to see it, and has one at least for every check", () => {
    expect(damageCatalogue.filter(({ seenBy }) => seenBy.length === 0)).toEqual([]);
    const seeing = new Set(damageCatalogue.flatMap(({ seenBy }) => (seenBy.length === 1 ? seenBy : [])));
    expect([...checkNames, "list" as const].filter((name) => !seeing.has(name))).toEqual([]);
  });

  it("expects of no damage that it is proven, and of a broken machine nothing at all", () => {
    expect(damageCatalogue.filter(({ expected }) => expected === "proven")).toEqual([]);
    expect(ofFamily("machine").filter(({ expected }) => expected !== "inconclusive")).toEqual([]);
  });
});

describe("verification", () => {
  it("finds everything that is done to a store, and accuses nothing that is whole", async () => {
    const report = await challenged(ofFamily("store"), examiner, [1]);
    expect({ missed: report.missed, falseAlarms: report.falseAlarms }).toEqual({
      missed: [],
      falseAlarms: [],
    });
    expect(report.found).toBe(ofFamily("store").length);
    expect(report.undamaged).toBeGreaterThanOrEqual(6);
  });

  it("neither proves nor refutes on a machine that is broken, and says what is", async () => {
    const report = await challenged(
      named(
        "scratch-disk-full",
        "scratch-killed",
        "scratch-killed-while-comparing",
        "scratch-connections-cut",
        "scratch-few-connections",
        "amcheck-missing",
        "extension-missing",
        "clock-behind",
        "clock-ahead",
        "clock-jumps-back",
        "pg-restore-fails",
      ),
    );
    expect({ missed: report.missed, falseAlarms: report.falseAlarms }).toEqual({
      missed: [],
      falseAlarms: [],
    });
    const details = Object.fromEntries(report.results.map(({ name, detail }) => [name, detail]));
    // Whoever meets a dead server first tells it: its watchman, a socket, or the client that was at work.
    const gone = /ended by itself|terminat|connection|EPIPE|ECONNRESET|not queryable/i;
    expect(details).toMatchObject({
      "scratch-disk-full": expect.stringMatching(/No space left|File too large|ended/),
      "scratch-killed": expect.stringMatching(gone),
      "scratch-killed-while-comparing": expect.stringMatching(gone),
      "scratch-connections-cut": expect.stringMatching(gone),
      "scratch-few-connections": expect.stringMatching(/slots|clients/),
      "amcheck-missing": "the extension amcheck is not installed here",
      "extension-missing": expect.stringContaining("EXTENSION hstore"),
      "clock-behind": expect.stringContaining("lies in the future"),
      "clock-ahead": expect.stringContaining("apart"),
      "pg-restore-fails": expect.stringContaining("cannot read an archive that is whole"),
    });
  });

  it("finds one of each sort of what dumps and loads get wrong", async () => {
    const damages = named("byte-changed", "policy-expression", "archive-lost-an-index", "sequence-behind");
    const report = await challenged(damages);
    expect({ missed: report.missed, falseAlarms: report.falseAlarms }).toEqual({
      missed: [],
      falseAlarms: [],
    });
  });
});

describe("the challenge", () => {
  it("names all that is missed by who calls every copy proven", async () => {
    const damages = [
      ...ofFamily("store"),
      ...ofFamily("machine"),
      ...named("byte-changed", "sequence-behind"),
    ];
    const report = await challenged(damages, credulous);
    expect(report.missed.toSorted()).toEqual(namesOf(damages).toSorted());
    expect(report.found).toBe(0);
    expect(report.falseAlarms).toEqual([]);
  });

  it("names all that is accused by who calls every copy refuted", async () => {
    const report = await challenged(named("object-missing", "byte-changed", "amcheck-missing"), suspicious);
    // Nor does it find anything, for it names no object, and no check has seen the rows.
    expect(report.missed.toSorted()).toEqual(["amcheck-missing", "byte-changed", "object-missing"]);
    expect(report.byAccident).toEqual(["byte-changed"]);
    expect(report.falseAlarms.toSorted()).toEqual([
      "clone-unaltered",
      "installation-moved",
      "load-unaltered",
      "machine-unbroken",
      "store-forgetful",
      "store-full",
      "store-stuttering",
      "store-unharmed",
    ]);
  });

  it("names as missed what did not come to anything for another reason than the damage", async () => {
    const damages = ofFamily("machine");
    const report = await challenged(damages, stumbling);
    expect(report.missed).toEqual(namesOf(damages));
    expect(report.results.at(-1)?.outcome).toBe("inconclusive");
    expect(report.results.find(({ name }) => name === "clock-ahead")?.detail).toBe(
      "not what this damage makes: undefined is not a function",
    );
  });

  it("names as missed what it could not damage, though verification came to nothing as it should", async () => {
    const traces = { says: /./, seenBy: [] };
    const slips = machineDamage(
      "hand-slips",
      "whoever breaks the machine lacks a program",
      traces,
      ({ desk }) =>
        Promise.resolve({
          desk,
          onPhase: () => {
            throw new Error("spawn ps ENOENT");
          },
        }),
    );
    const report = await challenged([slips]);
    expect(report.missed).toEqual(["hand-slips"]);
    expect(report.results.find(({ name }) => name === "hand-slips")).toMatchObject({
      outcome: null,
      detail: "program/failed: the machine could not be broken: spawn ps ENOENT",
    });
    expect(report.falseAlarms).toEqual([]);
  });

  it("goes on when the clone of a damage cannot be dropped", async () => {
    const { source } = ground;
    const drop: typeof source.drop = async (...asked) => {
      await source.drop(...asked);
      throw new Failure("source/lost", "the source went away");
    };
    const damages = named("byte-changed", "byte-appended");
    const report = await challenged(damages, examiner, [1], { ...ground, source: { ...source, drop } });
    expect(report.missed).toEqual(namesOf(damages));
    expect(report.falseAlarms).toEqual(["clone-unaltered", "random-1"]);
  });

  it("does not begin when nothing of what is asked for can be tried here", async () => {
    const source = { ...ground.source, isWalledOff: false };
    await expect(
      challenged(named("event-trigger-lost"), examiner, [], { ...ground, source }),
    ).rejects.toMatchObject({ code: "scratch/isolation" });
  });

  it("names what is missed without a check, and as found by accident what another check saw", async () => {
    const damages = named("byte-changed", "character-replaced", "amcheck-missing");
    const report = await challenged(damages, blindTo("tables", "indexes"));
    const { missed, byAccident, falseAlarms, results } = report;
    expect({ missed: missed.toSorted(), byAccident, falseAlarms }).toEqual({
      missed: ["amcheck-missing", "byte-changed", "character-replaced"],
      byAccident: ["character-replaced"],
      falseAlarms: [],
    });
    expect(results.find(({ byAccident: is }) => is)).toMatchObject({ outcome: "refuted", by: ["generated"] });
    expect(results.find(({ byAccident: is }) => is)?.detail).toMatch(/^not seen by tables: /);
  });
});
