/** Keys of partitioned tables that the server does not attach are known in an archive, with the names that their parts had. */
import { describe, expect, it } from "vitest";
import type { TocEntry } from "../../src/postgres/archive/toc.ts";
import { keysOfPartitions } from "../../src/postgres/load/keys/keys-of-partitions.ts";
import { workOf } from "../../src/postgres/load/rows/row-work.ts";
import { largeTable, tocEntry } from "../support/toc-entries.ts";

const key = (dumpId: number, table: string, name: string, what: string): TocEntry =>
  tocEntry(
    dumpId,
    "CONSTRAINT",
    [dumpId % 10],
    `ALTER TABLE ONLY s.${table}\n    ADD CONSTRAINT ${name} ${what};\n`,
  );
const attach = (dumpId: number, above: string, below: string): TocEntry =>
  tocEntry(dumpId, "INDEX ATTACH", [], `ALTER INDEX s.${above} ATTACH PARTITION s.${below};\n`);

const exclusion = "EXCLUDE USING gist (at WITH =, span WITH &&)";
const overTime = `PRIMARY KEY (id, "at" WITHOUT OVERLAPS)`;

describe("keys of partitioned tables", () => {
  it("are made by the topmost table, whatever lies between, and their parts keep their names", () => {
    const parts = keysOfPartitions([
      key(11, "top", "top_excl", exclusion),
      key(12, "middle", `"Middle ""excl"""`, exclusion),
      key(13, "leaf", "leaf_excl", exclusion),
      attach(21, "top_excl", `"Middle ""excl"""`),
      attach(22, `"Middle ""excl"""`, "leaf_excl"),
    ]);
    const [middle, leaf] = [`"s"."Middle ""excl"""`, `"s"."leaf_excl"`];
    expect(parts.get(11)).toEqual({
      kind: "root",
      index: `"s"."top_excl"`,
      text: `ALTER TABLE s.top\n    ADD CONSTRAINT top_excl ${exclusion};\n`,
      names: new Map([
        [`"s"."middle"`, middle],
        [`"s"."leaf"`, leaf],
      ]),
      rest: "",
    });
    expect(parts.get(13)).toEqual({ kind: "part", root: 11, index: leaf, above: middle, rest: "" });
    expect(parts.get(22)).toEqual({ kind: "attach", root: 11, index: leaf, above: middle });
  });

  it("over time are such keys, and what else an entry says is still said", () => {
    const part = key(12, "leaf", "leaf_pkey", overTime);
    const clustered = { ...part, defn: `${part.defn}\nALTER TABLE s.leaf CLUSTER ON leaf_pkey;\n` };
    const top = key(11, "top", "top_pkey", overTime);
    const parts = keysOfPartitions([
      { ...top, defn: `${top.defn}\nALTER INDEX s.top_pkey DEPENDS ON EXTENSION btree_gist;\n` },
      clustered,
      attach(21, "top_pkey", "leaf_pkey"),
    ]);
    expect(parts.get(11)).toMatchObject({
      kind: "root",
      rest: "ALTER INDEX s.top_pkey DEPENDS ON EXTENSION btree_gist;",
    });
    expect(parts.get(12)).toMatchObject({ kind: "part", rest: "ALTER TABLE s.leaf CLUSTER ON leaf_pkey;" });
  });

  it("that the server attaches are left as they are, and so are those of tables by themselves", () => {
    const parts = keysOfPartitions([
      key(11, "top", "top_pkey", "PRIMARY KEY (id)"),
      key(12, "leaf", "leaf_pkey", "PRIMARY KEY (id)"),
      attach(21, "top_pkey", "leaf_pkey"),
      key(13, "other", "other_excl", exclusion),
    ]);
    expect(parts.size).toBe(0);
  });

  it("that go round in a forged archive are left as they are", () => {
    const parts = keysOfPartitions([
      key(11, "one", "one_excl", exclusion),
      key(12, "two", "two_excl", exclusion),
      attach(21, "one_excl", "two_excl"),
      attach(22, "two_excl", "one_excl"),
    ]);
    expect(parts.size).toBe(0);
  });

  it("wait for the rows of all, since the topmost takes every partition", () => {
    const entries = [
      tocEntry(1, "TABLE"),
      tocEntry(2, "TABLE"),
      key(11, "t1", "top_pkey", overTime),
      key(12, "t2", "leaf_pkey", overTime),
      key(22, "t2", "plain_pkey", "UNIQUE (v)"),
      attach(21, "top_pkey", "leaf_pkey"),
    ];
    const tables = [largeTable("t1"), largeTable("t2")];
    const early = workOf(
      { entries, fingerprint: { tables }, keyParts: keysOfPartitions(entries) },
      tables,
      entries,
    ).filter(({ kind }) => kind === "entry");
    expect(early.map(({ dumpId }) => dumpId)).toEqual([22]);
  });
});
