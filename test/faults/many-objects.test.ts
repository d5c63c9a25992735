/** A backup of more objects than a call takes arguments is carried to a store that has none of them. */
import { expect, it } from "vitest";
import { sha256 } from "../../src/base/digest.ts";
import { chunkKey, chunksPrefix } from "../../src/model/layout.ts";
import { bring } from "../../src/replication/carry.ts";
import { type MendingShelf, openGround } from "../../src/replication/ground.ts";
import { PackedLines } from "../../src/replication/packed-lines.ts";
import { Vouched } from "../../src/replication/vouched.ts";
import { ListedSizes } from "../../src/repository/listed-sizes.ts";
import { isGood } from "../../src/repository/records.ts";
import { memoryStore } from "../support/memory-store.ts";
import { deskOf, mending } from "../support/replication-fixture.ts";
import { buildHouse, never } from "../support/repository-fixture.ts";

const objects = 150_000;

it("a copy of more objects than a call takes arguments is carried whole", async () => {
  await using house = await buildHouse();
  const { tenant } = house;
  const [dubai, frankfurt] = [memoryStore("dubai", house.clock), memoryStore("frankfurt", house.clock)];
  await house.backUp([dubai], { rows: "a\n" });
  const body = Buffer.from("a chunk");
  const digest = sha256(body);
  const menders = mending(dubai, frankfurt).map(({ store, lock }): MendingShelf => ({
    store: {
      ...store,
      read: async (key, options, wait) =>
        key.startsWith(chunksPrefix(tenant, 9)) ? body : store.read(key, options, wait),
      create: async () => {},
    },
    lock,
  }));
  const ground = await openGround(tenant, menders, deskOf(house), never);
  const record = [...ground.seen.values()].flat().find(isGood);
  const [, to] = menders;
  if (record === undefined || to === undefined) throw new Error("nothing to carry");
  const named = Array.from({ length: objects }, (_, at) => {
    const name = at.toString(16).padStart(64, "0");
    return { key: chunkKey(tenant, { generation: 9, name, digest }), bytes: body.length, sha256: digest };
  });
  const lines = PackedLines.from(named);
  const brought = new PackedLines();
  const carried = { kind: "carried" as const, record, body, lines, brought };
  const run = {
    ground,
    to,
    vouched: new Vouched({ ground, to }, []),
    isShown: false,
    listing: new ListedSizes(),
  };
  expect(await bring(run, carried, () => true, never)).toBe(null);
  expect(carried.brought).toHaveLength(objects);
});
