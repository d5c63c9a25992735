/**
 * Who creates what (trap 19). A tenant's expressions run when rows are checked, indexes are built or
 * partition bounds are evaluated; whatever may run them goes in by the loader, whose *session* user is
 * no superuser, since `SET ROLE` can be undone by the very code it is meant to hold. The administrator
 * runs only the kinds below for which PostgreSQL does nothing but write catalogs.
 */
import type { TocEntry } from "../archive/toc.ts";

export type Stage =
  | "own"
  | "schema"
  | "pre"
  | "post"
  | "acl"
  | "default-acl"
  | "publication"
  | "remark"
  | "event-trigger";

export type Runner =
  /** The temporary login without rights. */
  | "loader"
  /** The administrator; runs no tenant code. */
  | "admin"
  /** The administrator if `adminMay` finds no tenant code in the text; else the loader. */
  | "admin-if-harmless";

interface Kind {
  readonly stage: Stage;
  readonly runner: Runner;
}

/** Loaded from the fingerprint, or by other means, not by the entry's own statement. */
const own: Kind = { stage: "own", runner: "admin" };
const pre: Kind = { stage: "pre", runner: "loader" };
const post: Kind = { stage: "post", runner: "loader" };
const preAdmin: Kind = { stage: "pre", runner: "admin" };
const preEither: Kind = { stage: "pre", runner: "admin-if-harmless" };

const kinds: Readonly<Record<string, Kind>> = {
  ENCODING: own,
  STDSTRINGS: own,
  SEARCHPATH: own,
  DATABASE: own,
  "DATABASE PROPERTIES": own,
  EXTENSION: own,
  "STATISTICS DATA": own,
  BLOB: own,
  BLOBS: own,
  "BLOB METADATA": own,
  "TABLE DATA": own,
  "SEQUENCE SET": own,
  "MATERIALIZED VIEW DATA": own,

  SCHEMA: { stage: "schema", runner: "loader" },

  // Functions are not compiled when created, as check_function_bodies is off; only a superuser may use
  // an untrusted language.
  FUNCTION: preEither,
  PROCEDURE: preEither,
  AGGREGATE: preEither,
  // Base types need a superuser, and their shells the same owner.
  "SHELL TYPE": preAdmin,
  TYPE: preEither,
  DOMAIN: pre,
  TABLE: pre,
  VIEW: pre,
  "MATERIALIZED VIEW": pre,
  SEQUENCE: pre,
  "SEQUENCE OWNED BY": pre,
  DEFAULT: pre,
  // Evaluates partition bounds and so the CHECKs of domains in them.
  "TABLE ATTACH": pre,
  OPERATOR: pre,
  COLLATION: pre,
  // Calls the conversion function to try it.
  CONVERSION: pre,
  "TEXT SEARCH DICTIONARY": pre,
  "TEXT SEARCH CONFIGURATION": pre,
  "TEXT SEARCH PARSER": preAdmin,
  "TEXT SEARCH TEMPLATE": preAdmin,
  "PROCEDURAL LANGUAGE": preAdmin,
  CAST: preAdmin,
  TRANSFORM: preAdmin,
  "OPERATOR FAMILY": preAdmin,
  "OPERATOR CLASS": preAdmin,
  "ACCESS METHOD": preAdmin,
  "FOREIGN DATA WRAPPER": preAdmin,
  SERVER: preEither,
  "USER MAPPING": preEither,
  "FOREIGN TABLE": preEither,

  INDEX: post,
  "INDEX ATTACH": post,
  CONSTRAINT: post,
  "CHECK CONSTRAINT": post,
  "FK CONSTRAINT": post,
  STATISTICS: post,
  TRIGGER: post,
  RULE: post,
  POLICY: post,
  "ROW SECURITY": post,

  ACL: { stage: "acl", runner: "admin" },
  "DEFAULT ACL": { stage: "default-acl", runner: "admin" },
  PUBLICATION: { stage: "publication", runner: "admin" },
  "PUBLICATION TABLE": { stage: "publication", runner: "admin-if-harmless" },
  "PUBLICATION TABLES IN SCHEMA": { stage: "publication", runner: "admin" },
  SUBSCRIPTION: { stage: "publication", runner: "admin" },
  "SUBSCRIPTION TABLE": { stage: "publication", runner: "admin" },
  COMMENT: { stage: "remark", runner: "admin" },
  "SECURITY LABEL": { stage: "remark", runner: "admin" },
  "EVENT TRIGGER": { stage: "event-trigger", runner: "admin" },
};

/** A kind that a newer pg_dump may have invented goes in by the loader, in its section. */
export function kindOf(entry: Pick<TocEntry, "desc" | "section" | "tag">): Kind {
  const remark = ["ACL", "COMMENT", "SECURITY LABEL"].includes(entry.desc);
  if (remark && entry.tag.startsWith("DATABASE ")) return own;
  if (remark && entry.tag.startsWith("EVENT TRIGGER ")) return { stage: "event-trigger", runner: "admin" };
  const kind = kinds[entry.desc] ?? pre;
  // A view or function that depends on an index or a circle of others is put off by pg_dump.
  return kind.stage === "pre" && entry.section === "post-data" ? { ...kind, stage: "post" } : kind;
}
