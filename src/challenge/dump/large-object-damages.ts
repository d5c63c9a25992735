/** Large objects: their bytes, and who they belong to. */
import type { DumpDamage } from "../damage.ts";
import { data } from "./data-damage.ts";

function ofObject(name: string, title: string, statements: readonly string[]): DumpDamage {
  return data(name, title, statements, "large-objects");
}

export const largeObjectDamages: readonly DumpDamage[] = [
  ofObject("large-object-lost", "a large object is lost", ["select lo_unlink(40005)"]),
  ofObject("large-object-changed", "one byte of a large object is another", [
    String.raw`select lo_put(40001, 100, '\x00')`,
  ]),
  ofObject("large-object-truncated", "a large object has lost its end", [
    "select lo_truncate(lo_open(40004, 131072), 1000)",
  ]),
  ofObject("large-objects-exchanged", "two large objects have each other's bytes", [
    "create temporary table kept as select lo_get(40004) as one, lo_get(40005) as other",
    "select lo_put(40004, 0, other), lo_put(40005, 0, one) from kept",
    "drop table kept",
  ]),
  ofObject("large-object-end-zeroed", "the end of a large object is as many zeros", [
    "select lo_truncate(lo_open(40004, 131072), 1000)",
    "select lo_truncate(lo_open(40004, 131072), 1600)",
  ]),
  ofObject("large-object-grant-extra", "everybody may read a large object", [
    "grant select on large object 40002 to public",
  ]),
  ofObject("large-object-comment", "the comment on a large object is another", [
    "comment on large object 40003 is 'a contract'",
  ]),
  ofObject("large-object-extra", "there is a large object that the source never had", [
    String.raw`select lo_from_bytea(49999, '\x00')`,
  ]),
  ofObject("large-object-owner", "a large object belongs to somebody else", [
    "alter large object 40001 owner to challenge_reader",
  ]),
  ofObject("large-object-grant-lost", "a privilege on a large object is lost", [
    "revoke select on large object 40002 from challenge_reader",
  ]),
  ofObject("large-object-comment-lost", "the comment on a large object is lost", [
    "comment on large object 40003 is null",
  ]),
];
