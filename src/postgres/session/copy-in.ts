import type { Client } from "pg";
import { from as copyFrom } from "pg-copy-streams";

/** Thrown in place of what the caller's own iteration threw, which is its `cause`. */
export class GivenSourceError extends Error {}

/** Feeds `source` to COPY … FROM STDIN and returns the server's count of rows. */
export async function copyIn(
  client: Client,
  statement: string,
  source: AsyncIterable<Uint8Array>,
): Promise<number> {
  const stream = client.query(copyFrom(statement));
  let refused = false;
  const ended = new Promise<void>((resolve, reject) => {
    stream.on("error", (error) => {
      refused = true;
      reject(error);
    });
    stream.once("finish", resolve);
  });
  ended.catch(() => undefined);
  try {
    for await (const part of source) {
      // One chunk at a time: the library must not hold chunks back when the server ends the COPY.
      const taken = new Promise<void>((resolve) => {
        stream.write(part, () => {
          resolve();
        });
      });
      await Promise.race([taken, ended]);
    }
  } catch (cause) {
    if (refused) await ended;
    stream.destroy(new Error("the rows to be loaded could not be read"));
    await ended.catch(() => undefined);
    throw new GivenSourceError("the rows to be loaded could not be read", { cause });
  }
  stream.end();
  await ended;
  return stream.rowCount;
}
