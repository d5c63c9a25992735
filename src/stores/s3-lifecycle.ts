import {
  GetBucketLifecycleConfigurationCommand,
  type LifecycleRule,
  type S3Client,
} from "@aws-sdk/client-s3";
import type { LifecycleDeed } from "./bucket.ts";
import { statusOf } from "./s3-failure.ts";

/** Storage classes whose objects must be brought back by hand, which takes hours, before they can be read. */
const archives = new Set(["GLACIER", "DEEP_ARCHIVE"]);

/**
 * What the rules of the bucket do to objects whose keys begin with one of `prefixes`; `null` where the server does not
 * tell. Throws the errors of the client that stand for no answer.
 */
export async function s3Lifecycle(
  client: S3Client,
  { bucket, prefixes }: { readonly bucket: string; readonly prefixes: readonly string[] },
  abortSignal: AbortSignal,
): Promise<readonly LifecycleDeed[] | null> {
  try {
    const command = new GetBucketLifecycleConfigurationCommand({ Bucket: bucket });
    const { Rules = [] } = await client.send(command, { abortSignal });
    return Rules.filter((rule) => isInForce(rule) && touches(rule, prefixes)).flatMap(deedsOf);
  } catch (error) {
    const status = statusOf(error);
    if (status === null) throw error;
    return status === 404 ? [] : null;
  }
}

/** Objects of ours bear no tags, so that a rule for tagged ones leaves them alone. */
function isInForce({ Status, Filter }: LifecycleRule): boolean {
  const tags = [Filter?.Tag, ...(Filter?.And?.Tags ?? [])].filter((tag) => tag !== undefined);
  return Status !== "Disabled" && tags.length === 0;
}

function touches({ Filter, Prefix }: LifecycleRule, prefixes: readonly string[]): boolean {
  const of = Filter?.Prefix ?? Filter?.And?.Prefix ?? Prefix ?? "";
  return prefixes.some((ours) => ours.startsWith(of) || of.startsWith(ours));
}

function deedsOf({ ID = "", Expiration, Transitions = [] }: LifecycleRule): LifecycleDeed[] {
  const found: LifecycleDeed[] = [];
  // Without either it only tidies marks of deletion away.
  if (Expiration?.Days !== undefined || Expiration?.Date !== undefined)
    found.push({ rule: ID, does: "remove", when: whenOf(Expiration) });
  for (const one of Transitions)
    if (archives.has(one.StorageClass ?? "")) found.push({ rule: ID, does: "archive", when: whenOf(one) });
  return found;
}

function whenOf({ Days, Date: from }: { Days?: number | undefined; Date?: Date | undefined }): string {
  return from === undefined
    ? `${String(Days ?? 0)} days after they came`
    : `from ${from.toISOString().slice(0, 10)}`;
}
