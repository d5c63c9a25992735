import { Failure } from "../../base/failure.ts";

/** One entry of an archive's table of contents: one thing that pg_dump would have pg_restore create. */
export interface TocEntry {
  readonly dumpId: number;
  /** Where the object stood in the source's catalogs; zeros where it is no catalog row. */
  readonly catalogId: { readonly tableOid: number; readonly oid: number };
  /** What kind it is, in pg_dump's words: `TABLE`, `FK CONSTRAINT`, `ACL`… */
  readonly desc: string;
  readonly tag: string;
  readonly section: TocSection;
  /** SQL; may hold several statements, or only a comment. */
  readonly defn: string;
  readonly dropStmt: string;
  /** Empty where there is none; so are owner, tablespace and access method. */
  readonly namespace: string;
  readonly owner: string;
  readonly tablespace: string;
  readonly tableAm: string;
  /** Whether a table is partitioned; told from archives of 17 on alone, where such a one has an access method too. */
  readonly isPartitioned: boolean;
  readonly dependencies: readonly number[];
}

export type TocSection = "none" | "pre-data" | "data" | "post-data";

export interface Toc {
  /** E.g. `1.14`. */
  readonly archiveVersion: string;
  readonly database: string;
  readonly serverVersion: string;
  readonly pgDumpVersion: string;
  readonly entries: readonly TocEntry[];
}

const sections: readonly TocSection[] = ["none", "pre-data", "data", "post-data"];
const entriesMax = 20_000_000;
/** The letter p. */
const relkindPartitioned = 112;

/**
 * Reads the table of contents of an archive of `pg_dump -Fc` (versions 1.12 to 1.16, PostgreSQL 9 to
 * 18) as `ReadHead` and `ReadToc` of PostgreSQL's pg_backup_archiver.c do. With it every entry can be
 * executed by a session of our choosing and accounted for, and no text of a tenant is ever fed to
 * psql, which would obey its meta-commands.
 * Throws "format/invalid" when the bytes are not such an archive, or not whole, and "format/unknown"
 * for a version it does not know.
 */
export function parseToc(archive: Uint8Array): Toc {
  const reader = readerOf(archive);
  const version = toCreation(reader);
  for (let part = 0; part < creationParts; part += 1) reader.int();
  const database = reader.text();
  const serverVersion = reader.text();
  const pgDumpVersion = reader.text();
  const count = reader.int();
  if (count < 0 || count > entriesMax) throw invalid(`it claims ${String(count)} entries`);
  const entries: TocEntry[] = [];
  const seen = new Set<number>();
  for (let index = 0; index < count; index += 1) {
    const entry = readEntry(reader, version);
    if (seen.has(entry.dumpId)) throw invalid(`entry ${String(entry.dumpId)} comes twice`);
    seen.add(entry.dumpId);
    entries.push(entry);
  }
  return { archiveVersion: spelt(version), database, serverVersion, pgDumpVersion, entries };
}

/**
 * Puts the first moment of 2000 in place of the one at which the archive was made. It is all that differs between two
 * archives of one schema, and each would begin with a chunk of its own. Throws as `parseToc` does.
 */
export function undate(archive: Uint8Array): void {
  const reader = readerOf(archive);
  toCreation(reader);
  // Seconds, minutes, hours, day, month from 0, year from 1900, summer time.
  for (const part of [0, 0, 0, 1, 0, 100, 0]) reader.replaceInt(part);
}

/** Numbers that tell when the archive was made. */
const creationParts = 7;

function readerOf(archive: Uint8Array): ArchiveReader {
  return new ArchiveReader(Buffer.from(archive.buffer, archive.byteOffset, archive.byteLength));
}

/** Reads up to those numbers; gives the version, a hundred times the major one more than the minor. */
function toCreation(reader: ArchiveReader): number {
  if (reader.raw(5).toString("latin1") !== "PGDMP") throw invalid("it does not begin with PGDMP");
  const version = reader.byte() * 100 + reader.byte();
  reader.byte();
  if (version < 112 || version > 116) {
    throw new Failure(
      "format/unknown",
      `archive of pg_dump has version ${spelt(version)}, known are 1.12 to 1.16`,
    );
  }
  reader.setSizes(reader.byte(), reader.byte());
  if (reader.byte() !== 1) throw invalid("it is not in the custom format");
  if (version >= 115) reader.byte();
  else reader.int();
  return version;
}

function spelt(version: number): string {
  return `${String(Math.floor(version / 100))}.${String(version % 100)}`;
}

function readEntry(reader: ArchiveReader, version: number): TocEntry {
  const dumpId = reader.int();
  if (dumpId <= 0) throw invalid(`an entry has the number ${String(dumpId)}`);
  reader.int();
  const catalogId = { tableOid: oid(reader.text()), oid: oid(reader.text()) };
  const tag = reader.text();
  const desc = reader.text();
  const section = sections[reader.int() - 1];
  if (section === undefined || desc === "") throw invalid(`entry ${String(dumpId)} has no section or kind`);
  const defn = reader.text();
  const dropStmt = reader.text();
  reader.text();
  const namespace = reader.text();
  const tablespace = reader.text();
  const tableAm = version >= 114 ? reader.text() : "";
  const isPartitioned = version >= 116 && reader.int() === relkindPartitioned;
  const owner = reader.text();
  reader.text();
  const dependencies: number[] = [];
  for (let next = reader.textOrNull(); next !== null; next = reader.textOrNull())
    dependencies.push(oid(next));
  reader.offset();
  return {
    dumpId,
    catalogId,
    desc,
    tag,
    section,
    defn,
    dropStmt,
    namespace,
    owner,
    tablespace,
    tableAm,
    isPartitioned,
    dependencies,
  };
}

function oid(text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw invalid(`"${text.slice(0, 20)}" stands where a number should`);
  return Number(text);
}

function invalid(why: string): Failure {
  return new Failure("format/invalid", `the schema archive is damaged: ${why}`);
}

/** Moves through the bytes; every read is checked against what is left. */
class ArchiveReader {
  readonly #bytes: Buffer;
  readonly #utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  #at = 0;
  #intSize = 4;
  #offsetSize = 8;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  setSizes(intSize: number, offsetSize: number): void {
    if (![2, 4, 8].includes(intSize) || ![4, 8].includes(offsetSize))
      throw invalid("its number sizes are impossible");
    this.#intSize = intSize;
    this.#offsetSize = offsetSize;
  }

  raw(length: number): Buffer {
    const end = this.#at + length;
    if (end > this.#bytes.length)
      throw invalid(`it ends at byte ${String(this.#bytes.length)}, inside an entry`);
    const part = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return part;
  }

  byte(): number {
    return this.raw(1).readUInt8(0);
  }

  /** A sign byte, then the magnitude with the least byte first. */
  int(): number {
    const sign = this.byte();
    let value = 0;
    for (const [place, byte] of this.raw(this.#intSize).entries()) value += byte * 256 ** place;
    if (sign > 1 || !Number.isSafeInteger(value))
      throw invalid(`a number at byte ${String(this.#at)} is impossible`);
    return sign === 0 ? value : -value;
  }

  /** Writes a small number over the one that is here. */
  replaceInt(value: number): void {
    const from = this.#at;
    this.int();
    this.#bytes.fill(0, from, this.#at).writeUInt8(value, from + 1);
  }

  /** Length, then bytes; a negative length means that there is no text. */
  textOrNull(): string | null {
    const length = this.int();
    if (length < 0) return null;
    const bytes = this.raw(length);
    try {
      return this.#utf8.decode(bytes);
    } catch (cause) {
      throw new Failure(
        "format/invalid",
        `the schema archive holds text that is not UTF-8 before byte ${String(this.#at)}`,
        { cause },
      );
    }
  }

  text(): string {
    return this.textOrNull() ?? "";
  }

  /** Where the entry's data lie; a schema archive has none. */
  offset(): void {
    this.raw(1 + this.#offsetSize);
  }
}
