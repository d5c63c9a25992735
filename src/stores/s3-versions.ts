import { ListObjectVersionsCommand, type S3Client } from "@aws-sdk/client-s3";
import { Failure } from "../base/failure.ts";
import type { ObjectKey } from "../model/ids.ts";
import { undated } from "./s3-date.ts";
import type { ObjectVersion } from "./store.ts";

/** All versions of exactly one key, newest first; marks of deletion hold no bytes and are left out. */
export async function s3Versions(
  client: S3Client,
  at: { readonly key: ObjectKey; readonly Bucket: string; readonly Key: string },
  abortSignal: AbortSignal,
): Promise<ObjectVersion[]> {
  const found: ObjectVersion[] = [];
  let markers = {};
  for (let more = true; more;) {
    const page = await client.send(
      new ListObjectVersionsCommand({ Bucket: at.Bucket, Prefix: at.Key, ...markers }),
      { abortSignal },
    );
    for (const { Key, VersionId, Size = 0, LastModified = undated, IsLatest } of page.Versions ?? []) {
      if (Key !== at.Key) continue;
      found.push({
        key: at.key,
        bytes: Size,
        modifiedAt: LastModified,
        version: VersionId ?? "null",
        current: IsLatest === true,
      });
    }
    if (page.IsTruncated === undefined) {
      throw new Failure("store/protocol", `no listing of versions came in answer for ${at.key}`);
    }
    // Longer keys that begin with this one come behind it and are none of ours.
    more = page.IsTruncated && page.NextKeyMarker === at.Key;
    markers = { KeyMarker: page.NextKeyMarker, VersionIdMarker: page.NextVersionIdMarker };
  }
  return found;
}
