import { z } from "zod";
import { Failure } from "../../../base/failure.ts";
import { quoteIdent, quoteLiteral } from "../../session/quote.ts";
import { aclStatements } from "../rights/acl.ts";
import { tell, type LoadContext } from "../context.ts";
import { refusalOf } from "../report.ts";

const head = z.object({
  oid: z.int().positive(),
  owner: z.string(),
  acl: z.array(z.string()).nullable(),
  comment: z.string().nullable(),
  bytes: z.int().nonnegative(),
});
type Head = z.infer<typeof head>;

interface Small {
  readonly head: Head;
  readonly data: Buffer;
}

const batchObjectsMax = 500;
const batchBytesMax = 4_000_000;
const pieceBytes = 1_000_000;
const lineBytesMax = 16_000_000;

/**
 * Recreates the large objects under their numbers, with owner, ACL and comment. They are bytes and run
 * nothing, so the administrator makes them; many small ones go in one statement, as there may be 100,000.
 * Stream: see `large-object-stream.ts`. Throws "format/invalid" when it is not of that form.
 */
export async function loadLargeObjects(context: LoadContext): Promise<void> {
  const { stream } = context.fingerprint.largeObjects;
  if (stream === null) return;
  const reader = new ByteReader(context.image.read(stream, null, context.wait), (bytes) => {
    context.ledger.bytes += bytes;
    tell(context, "large-objects");
  });
  const acls = new AclTexts(context);
  let batch: Small[] = [];
  let batchBytes = 0;
  const flush = async (): Promise<void> => {
    await createSmall(context, batch);
    await dress(
      context,
      batch.map((one) => one.head),
      acls,
    );
    batch = [];
    batchBytes = 0;
  };
  for (let line = await reader.line(); line !== null; line = await reader.line()) {
    const one = parseHead(line);
    if (one.bytes > pieceBytes) {
      await flush();
      await createLarge(context, one, reader);
      await dress(context, [one], acls);
    } else {
      batch.push({ head: one, data: await reader.exactly(one.bytes) });
      batchBytes += one.bytes;
      if (batch.length >= batchObjectsMax || batchBytes >= batchBytesMax) await flush();
    }
    if ((await reader.exactly(1)).toString("latin1") !== "\n")
      throw broken("an object does not end with a newline");
  }
  await flush();
}

async function createSmall({ admin }: LoadContext, batch: readonly Small[]): Promise<void> {
  if (batch.length === 0) return;
  await admin.query(
    `select pg_catalog.lo_from_bytea(o.oid, o.data)
       from unnest($1::pg_catalog.oid[], $2::bytea[]) as o(oid, data)`,
    [batch.map((one) => one.head.oid), batch.map(({ data }) => `\\x${data.toString("hex")}`)],
  );
}

async function createLarge({ admin }: LoadContext, { oid, bytes }: Head, reader: ByteReader): Promise<void> {
  await admin.query("select pg_catalog.lo_create($1::pg_catalog.oid)", [oid]);
  for (let at = 0; at < bytes; at += pieceBytes) {
    const piece = await reader.exactly(Math.min(pieceBytes, bytes - at));
    await admin.query("select pg_catalog.lo_put($1::pg_catalog.oid, $2::int8, $3::bytea)", [
      oid,
      String(at),
      piece,
    ]);
  }
}

/** Owner, ACL and comment; one object after the other where the whole batch is refused. */
async function dress(context: LoadContext, heads: readonly Head[], acls: AclTexts): Promise<void> {
  const statements: { readonly oid: number; readonly text: string }[] = [];
  for (const one of heads) statements.push({ oid: one.oid, text: await acls.statements(one) });
  if (statements.length === 0) return;
  try {
    await context.admin.query(statements.map(({ text }) => text).join(";\n"));
  } catch (error) {
    refusalOf(error);
    for (const { oid, text } of statements) {
      try {
        await context.admin.query(text);
      } catch (single) {
        context.ledger.problem(`LARGE OBJECT ${String(oid)}`, { ...refusalOf(single), kind: "machine" });
      }
    }
  }
}

/** The statements of an ACL are asked for once for all objects that share it and its owner. */
class AclTexts {
  readonly #context: LoadContext;
  readonly #known = new Map<string, readonly string[]>();

  constructor(context: LoadContext) {
    this.#context = context;
  }

  async statements({ oid, owner, acl, comment }: Head): Promise<string> {
    const on = `large object ${String(oid)}`;
    const parts = [`alter ${on} owner to ${quoteIdent(owner)}`];
    const token = "large object 0";
    const key = JSON.stringify([owner, acl]);
    let known = this.#known.get(key);
    if (known === undefined) {
      known = await aclStatements(this.#context.admin, { on: token, owner }, acl).catch((error: unknown) => {
        this.#context.ledger.problem(`LARGE OBJECT ${String(oid)}`, { ...refusalOf(error), kind: "machine" });
        return [];
      });
      this.#known.set(key, known);
    }
    for (const statement of known) parts.push(statement.replace(` on ${token} `, ` on ${on} `));
    if (comment !== null) parts.push(`comment on ${on} is ${quoteLiteral(comment)}`);
    return parts.join(";\n");
  }
}

function parseHead(line: string): Head {
  try {
    return head.parse(JSON.parse(line));
  } catch (cause) {
    throw new Failure("format/invalid", "the stream of large objects is damaged: a line is not an object's", {
      cause,
    });
  }
}

function broken(why: string): Failure {
  return new Failure("format/invalid", `the stream of large objects is damaged: ${why}`);
}

/** Lines and exact numbers of bytes from parts of any size. */
class ByteReader {
  readonly #parts: AsyncIterator<Uint8Array>;
  readonly #onBytes: (bytes: number) => void;
  #held: Buffer = Buffer.alloc(0);

  constructor(parts: AsyncIterable<Uint8Array>, onBytes: (bytes: number) => void) {
    this.#parts = parts[Symbol.asyncIterator]();
    this.#onBytes = onBytes;
  }

  /** Without its newline; `null` at the end of the stream. */
  async line(): Promise<string | null> {
    for (let searched = 0; ;) {
      const end = this.#held.indexOf(10, searched);
      if (end >= 0) {
        const line = this.#held.toString("utf8", 0, end);
        this.#held = this.#held.subarray(end + 1);
        return line;
      }
      searched = this.#held.length;
      if (searched > lineBytesMax) throw broken("a line does not end");
      if (await this.#more()) continue;
      if (this.#held.length > 0) throw broken("it ends inside a line");
      return null;
    }
  }

  async exactly(length: number): Promise<Buffer> {
    const parts: Buffer[] = [this.#held];
    let have = this.#held.length;
    while (have < length) {
      this.#held = Buffer.alloc(0);
      if (!(await this.#more())) throw broken("it ends inside an object");
      parts.push(this.#held);
      have += this.#held.length;
    }
    const joined = parts.length === 1 ? this.#held : Buffer.concat(parts);
    this.#held = joined.subarray(length);
    return joined.subarray(0, length);
  }

  async #more(): Promise<boolean> {
    const next = await this.#parts.next();
    if (next.done === true) return false;
    this.#onBytes(next.value.length);
    this.#held = Buffer.concat([this.#held, next.value]);
    return true;
  }
}
