import { Failure } from "../../base/failure.ts";
import { binaryRows } from "../session/binary-copy.ts";
import type { Session } from "../session/session.ts";

/** Which large objects: every one of the database, or these and no others (ascending). */
export type LargeObjectChoice =
  | { readonly kind: "all" }
  | { readonly kind: "only"; readonly oids: readonly number[] };

/** The line before an object's bytes. */
interface Head {
  readonly oid: number;
  readonly owner: string;
  /** `aclitem` texts; null: the default. */
  readonly acl: readonly string[] | null;
  readonly comment: string | null;
  readonly bytes: number;
}

/** Objects whose heads are held in memory at once. */
const batchMax = 1000;
/** LOBLKSIZE of every server that is built as usual; a page that says otherwise fails the backup. */
const pageBytes = 2048;

/**
 * Large objects by ascending oid: a line of JSON (`oid`, `owner`, `acl`, `comment`, `bytes`), as many raw bytes, a
 * newline. Holes in sparse objects are zeros. Source and restored database are read by this one
 * function; `counted` is told the number at the end. Needs SELECT on pg_largeobject, which
 * pg_read_all_data gives from PostgreSQL 14 on.
 */
export async function* largeObjectBytes(
  session: Session,
  choice: LargeObjectChoice,
  counted: (objects: number) => void,
): AsyncGenerator<Buffer> {
  let count = 0;
  // By its index, or the server would sort all large objects for every batch.
  await session.query("set enable_indexscan = on");
  for (let heads = await headsAfter(session, choice, 0); heads.length > 0;) {
    yield* gathered(batchBytes(session, heads));
    count += heads.length;
    heads = heads.length < batchMax ? [] : await headsAfter(session, choice, heads.at(-1)?.oid ?? 0);
  }
  await session.query("set enable_indexscan = off");
  counted(count);
}

async function headsAfter(session: Session, choice: LargeObjectChoice, after: number): Promise<Head[]> {
  const only = choice.kind === "only" ? choice.oids.filter((oid) => oid > after).slice(0, batchMax) : null;
  return session.query<Head>(
    `with m as (
       select * from pg_catalog.pg_largeobject_metadata
        where oid > $1::oid and ($2::oid[] is null or oid = any ($2)) order by oid limit ${String(batchMax)}),
     size as (
       select l.loid, max(l.pageno::int8 * ${String(pageBytes)} + pg_catalog.octet_length(l.data)) as bytes
         from pg_catalog.pg_largeobject l
        where l.loid between (select min(oid) from m) and (select max(oid) from m) group by l.loid)
     select m.oid, pg_catalog.pg_get_userbyid(m.lomowner)::text as owner, m.lomacl::text[] as acl,
            pg_catalog.obj_description(m.oid, 'pg_largeobject') as comment,
            coalesce(size.bytes, 0)::float8 as bytes
       from m left join size on size.loid = m.oid
      order by m.oid`,
    [after, only],
  );
}

async function* batchBytes(session: Session, heads: readonly Head[]): AsyncGenerator<Buffer> {
  const [first, last] = [heads.at(0)?.oid ?? 0, heads.at(-1)?.oid ?? 0];
  const { bytes } = session.copyOut(
    `copy (select loid, pageno, data from pg_catalog.pg_largeobject
            where loid between ${String(first)} and ${String(last)} order by loid, pageno) to stdout (format binary)`,
  );
  let next = 0;
  let head: Head | undefined;
  let at = 0;
  for await (const row of binaryRows(bytes)) {
    const page = pageOf(row);
    while (next < heads.length && (head?.oid ?? 0) < page.oid) {
      if (head !== undefined) yield endOf(head, at);
      head = heads[next];
      next += 1;
      at = 0;
      if (head !== undefined) yield lineOf(head);
    }
    // Of an object that lies between two chosen ones and is not chosen itself.
    if (head?.oid !== page.oid) continue;
    yield* zeros(page.from - at);
    yield page.data;
    at = page.from + page.data.length;
  }
  if (head !== undefined) yield endOf(head, at);
  for (const empty of heads.slice(next)) yield Buffer.concat([lineOf(empty), endOf(empty, 0)]);
}

function pageOf(row: readonly (Buffer | null)[]): {
  readonly oid: number;
  readonly from: number;
  readonly data: Buffer;
} {
  const [oid, number, data] = row;
  if (oid?.length !== 4 || number?.length !== 4 || !data) {
    throw new Failure("source/failed", "pg_largeobject does not look as it should");
  }
  return { oid: oid.readUInt32BE(), from: number.readInt32BE() * pageBytes, data };
}

function lineOf({ oid, owner, acl, comment, bytes }: Head): Buffer {
  return Buffer.from(`${JSON.stringify({ oid, owner, acl, comment, bytes })}\n`);
}

function endOf(head: Head, at: number): Buffer {
  if (at !== head.bytes) {
    throw new Failure(
      "source/failed",
      `large object ${String(head.oid)} has ${String(at)} bytes instead of ${String(head.bytes)}`,
    );
  }
  return Buffer.from("\n");
}

const nothing = Buffer.alloc(1 << 16);

function* zeros(bytes: number): Generator<Buffer> {
  for (let left = bytes; left > 0; left -= nothing.length)
    yield nothing.subarray(0, Math.min(left, nothing.length));
}

/** The same bytes in pieces worth handing on; pages have two kilobytes. */
async function* gathered(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    held.push(piece);
    bytes += piece.length;
    if (bytes < nothing.length) continue;
    yield Buffer.concat(held, bytes);
    held = [];
    bytes = 0;
  }
  if (bytes > 0) yield Buffer.concat(held, bytes);
}
