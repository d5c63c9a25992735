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
  const at = new Date(typeof date === "string" ? date : Number.NaN);
  return Number.isNaN(at.getTime()) ? null : at;
}
