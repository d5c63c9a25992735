/** Entries of an archive and tables of a fingerprint for tests of rules that ask little of them. */
import type { TableFingerprint } from "../../src/model/fingerprint.ts";
import type { TocEntry } from "../../src/postgres/archive/toc.ts";
import { largeBytes } from "../../src/postgres/load/rows/row-work.ts";

const postData: ReadonlySet<string> = new Set(["INDEX", "CONSTRAINT", "CHECK CONSTRAINT", "FK CONSTRAINT"]);

/** Named `t` and its number, in schema `s`. */
export function tocEntry(
  dumpId: number,
  desc: string,
  dependencies: readonly number[] = [],
  defn: string = "",
): TocEntry {
  return {
    dumpId,
    desc,
    dependencies,
    catalogId: { tableOid: 0, oid: 0 },
    tag: `t${String(dumpId)}`,
    section: postData.has(desc) ? "post-data" : "pre-data",
    defn,
    dropStmt: "",
    namespace: "s",
    owner: "",
    tablespace: "",
    tableAm: "",
    isPartitioned: false,
  };
}

/** One whose keys are made as soon as its rows are in. */
export function largeTable(name: string): TableFingerprint {
  return {
    schema: "s",
    name,
    columns: ["c"],
    rows: 1,
    bytes: largeBytes + 1,
    slices: [],
    load: { kind: "ordered" },
    multiset: null,
    unlogged: false,
  };
}
