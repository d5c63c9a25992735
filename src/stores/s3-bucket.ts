import {
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  GetObjectLockConfigurationCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { descriptorKey, tenantsPrefix } from "../model/layout.ts";
import type { BucketSettings } from "./bucket.ts";
import { statusOf } from "./s3-failure.ts";
import { lifecycleDeeds } from "./s3-lifecycle.ts";

/**
 * What the server tells about a bucket, and about what its rules do to a store below `prefix`; throws the errors of the
 * client, beside those that mean "not told".
 */
export async function s3BucketSettings(
  client: S3Client,
  { bucket, prefix }: { readonly bucket: string; readonly prefix: string },
  abortSignal: AbortSignal,
): Promise<BucketSettings> {
  const at = { Bucket: bucket };
  const versioning = await unlessUnknown(client.send(new GetBucketVersioningCommand(at), { abortSignal }));
  const lock = await unlessUnknown(client.send(new GetObjectLockConfigurationCommand(at), { abortSignal }));
  const rules = lock === "unknown" ? undefined : lock?.ObjectLockConfiguration;
  const asking = client.send(new GetBucketLifecycleConfigurationCommand(at), { abortSignal });
  const lifecycle = await unlessUnknown(asking, [...notTold, 400]);
  const prefixes = [descriptorKey, tenantsPrefix].map((ours) => prefix + ours);
  return {
    versioning: versioning === "unknown" ? null : versioningOf(versioning?.Status),
    objectLock: lock === "unknown" ? null : rules?.ObjectLockEnabled === "Enabled",
    defaultRetention: retentionOf(rules?.Rule?.DefaultRetention),
    lifecycle: lifecycle === "unknown" ? null : lifecycleDeeds(lifecycle?.Rules ?? [], prefixes),
  };
}

/** Answers of servers that do not know a question or may not answer it. */
const notTold: readonly number[] = [403, 405, 501];

/** `null` where nothing is configured, "unknown" where the server does not tell, by the status that it answers with. */
async function unlessUnknown<T>(
  call: Promise<T>,
  unknown: readonly number[] = notTold,
): Promise<T | null | "unknown"> {
  try {
    return await call;
  } catch (error) {
    const status = statusOf(error);
    if (status === 404 && error instanceof Error && error.name !== "NoSuchBucket") return null;
    if (status !== null && unknown.includes(status)) return "unknown";
    throw error;
  }
}

function versioningOf(status: string | undefined): "enabled" | "suspended" | "off" {
  if (status === "Enabled") return "enabled";
  return status === "Suspended" ? "suspended" : "off";
}

function retentionOf(
  rule: { Mode?: string | undefined; Days?: number | undefined; Years?: number | undefined } | undefined,
): BucketSettings["defaultRetention"] {
  if (rule === undefined) return null;
  const period = rule.Years === undefined ? `${String(rule.Days ?? 0)} days` : `${String(rule.Years)} years`;
  return { mode: rule.Mode ?? "unknown", period };
}
