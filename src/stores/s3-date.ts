import { HeadBucketCommand, type S3Client } from "@aws-sdk/client-s3";
import { headersOf } from "./s3-failure.ts";

/** The server's clock by the `Date` of an answer, whole seconds; `null` when it sends none. */
export async function s3Date(
  client: S3Client,
  bucket: string,
  abortSignal: AbortSignal,
): Promise<Date | null> {
  const command = new HeadBucketCommand({ Bucket: bucket });
  let date: unknown;
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      date = headersOf({ $response: result.response })["date"];
      return result;
    },
    { step: "deserialize", priority: "low", name: "holdfastDate" },
  );
  try {
    await client.send(command, { abortSignal });
  } catch (error) {
    // A refusal tells the time as well, above all the refusal of our time.
    date ??= headersOf(error)["date"];
    if (typeof date !== "string") throw error;
  }
  return typeof date === "string" ? httpDate(date) : null;
}

/** Of an object whose time of writing an answer leaves out: later than all, so that it is never old enough to be removed. */
export const undated = new Date(8.64e15);

/**
 * The three forms of RFC 9110, section 5.6.7, of which the last names no zone and is in UTC, and whatever else names its
 * zone; null for all others, since the runtime takes those for local times, and `0` for the year 2000.
 */
function httpDate(text: string): Date | null {
  const asctime = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/;
  const zoned = /\d\d:\d\d:\d\d.* ?(?:GMT|UTC|Z|[+-]\d\d:?\d\d)$/;
  if (!asctime.test(text) && !zoned.test(text)) return null;
  // A leap second, which the runtime would read as the beginning of its minute.
  const known = text.replace(/(\d\d:\d\d):60\b/, "$1:59");
  const at = new Date(asctime.test(text) ? `${known} GMT` : known);
  return Number.isNaN(at.getTime()) ? null : at;
}
