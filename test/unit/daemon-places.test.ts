/** How many jobs of a queue a host works at once: as many as its keys, its configuration and the hour allow. */
import { afterEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../src/config/load-config.ts";
import { placesOf } from "../../src/daemon/places.ts";
import type { QueueRoles } from "../../src/desk/roles.ts";
import { type ConfigFolder, configFolder, someRecipient } from "../support/config-folder.ts";

const yaml = (daemon: string): string => `
version: 1
stores: { one: { driver: directory, path: ./one, location: { jurisdiction: AE } } }
keys:
  verifiers: [${someRecipient}]
  restorers: [${someRecipient}]
  trusted: [{ key: file:./signing.pub.jwk, may: [record] }]
sources: {}
daemon: ${daemon}
`;

const roles: QueueRoles = {
  backup: null,
  verify: null,
  replicate: null,
  scrub: null,
  heal: null,
  prune: "keys.signing is not set",
};

let folder: ConfigFolder | undefined;
afterEach(async () => folder?.[Symbol.asyncDispose]());

async function placesWith(daemon: string): Promise<(queue: keyof QueueRoles, time: string) => number> {
  folder = await configFolder(yaml(daemon));
  const config = await loadConfig(folder.path, {});
  return (queue, time) => placesOf(queue, { config, roles }, new Date(`2026-07-01T${time}:00Z`));
}

describe("the places of a queue", () => {
  it("are those of the configuration outside of the hours, and fewer within, on the clocks of the zone", async () => {
    const at = await placesWith(
      `{ jobs: { verify: 3 }, hours: [{ jobs: { verify: 0 }, hours: { from: "08:00", to: "18:00" }, timeZone: Europe/Berlin }] }`,
    );
    expect(["05:59", "06:00", "15:59", "16:00"].map((time) => at("verify", time))).toEqual([3, 0, 0, 3]);
    expect(at("backup", "12:00")).toBe(2);
  });

  it("are the lowest of several rules, and never more than at other hours", async () => {
    const at = await placesWith(
      `{ jobs: { scrub: 4 }, hours: [
          { jobs: { scrub: 9 }, hours: { from: "00:00", to: "12:00" } },
          { jobs: { scrub: 2 }, hours: { from: "20:00", to: "06:00" } },
          { jobs: { scrub: 1 }, hours: { from: "22:00", to: "23:00" } }] }`,
    );
    const times = ["10:00", "05:00", "21:00", "22:30", "23:00", "13:00"];
    expect(times.map((time) => at("scrub", time))).toEqual([4, 2, 2, 1, 2, 4]);
  });

  it("of healing are those of replicating, and there are none where a key is lacking", async () => {
    const at = await placesWith(
      `{ jobs: { replicate: 5 }, hours: [{ jobs: { replicate: 1 }, hours: { from: "08:00", to: "18:00" } }] }`,
    );
    expect([at("heal", "07:00"), at("heal", "09:00"), at("prune", "07:00")]).toEqual([5, 1, 0]);
  });

  it.each([
    [`[{ jobs: {}, hours: { from: "08:00", to: "18:00" } }]`, "name at least one queue"],
    [`[{ jobs: { heal: 0 }, hours: { from: "08:00", to: "18:00" } }]`, "heal"],
    [`[{ jobs: { scrub: 0 }, hours: { from: "8", to: "18:00" } }]`, "must be a time such as 01:30"],
    [`[{ jobs: { scrub: 0 } }]`, "daemon.hours[0].hours"],
    [
      `[{ jobs: { scrub: 0 }, hours: { from: "08:00", to: "18:00" }, timeZone: Mars }]`,
      "must be a time zone",
    ],
  ])("are refused as %s", async (hours, why) => {
    folder = await configFolder(yaml(`{ hours: ${hours} }`));
    await expect(loadConfig(folder.path, {})).rejects.toThrow(why);
  });
});
