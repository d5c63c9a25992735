import { createHash } from "node:crypto";
import {
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { type Sha256, sha256 } from "../base/digest.ts";
import { Failure, isFailure } from "../base/failure.ts";
import { stillWaiting, type Waiting, within } from "../base/waiting.ts";
import { type ObjectKey, objectKey, type StoreName } from "../model/ids.ts";
import type { BucketInspector, BucketSettings } from "./bucket.ts";
import { type S3Address, s3Client, type S3Limits, s3Limits } from "./s3-client.ts";
import { s3BucketSettings } from "./s3-bucket.ts";
import { s3Date, undated } from "./s3-date.ts";
import { signDigest } from "./s3-digest.ts";
import { s3Failure, statusOf } from "./s3-failure.ts";
import { type Part, readS3 } from "./s3-read.ts";
import { s3Versions } from "./s3-versions.ts";
import type { CreateOptions, LockWish, ObjectStat, ObjectVersion, ReadOptions, WholeStore } from "./store.ts";

export interface S3Settings extends S3Address {
  readonly name: StoreName;
  readonly bucket: string;
  /** A folder in the bucket, without slashes at its ends. */
  readonly prefix?: string | undefined;
  /**
   * `always`: the store is sent the SHA-256 of each object to check and to keep. `when-required`:
   * for servers that do not know that header; the digest is then only part of the signature.
   */
  readonly checksums?: "always" | "when-required" | undefined;
  /** Whether objects may be locked here, and how; a wish for a lock is refused otherwise. */
  readonly lock?: LockWish["mode"] | undefined;
  readonly limits?: S3Limits | undefined;
}

/**
 * A bucket as a store. Each object is one PUT with `If-None-Match: *`, its SHA-256 part of the
 * signature. Nothing is tried twice here; see `retrying`.
 */
export function s3Store(settings: S3Settings): WholeStore & BucketInspector & Disposable {
  return new S3Store(settings);
}

class S3Store implements WholeStore, BucketInspector, Disposable {
  readonly name: StoreName;
  readonly #settings: S3Settings;
  readonly #limits: S3Limits;
  readonly #client: S3Client;
  readonly #prefix: string;

  constructor(settings: S3Settings) {
    this.name = settings.name;
    this.#settings = settings;
    this.#limits = settings.limits ?? s3Limits;
    this.#client = s3Client(settings, this.#limits);
    this.#prefix = settings.prefix === undefined || settings.prefix === "" ? "" : `${settings.prefix}/`;
  }

  /** Connections are kept for the next request until then. */
  [Symbol.dispose](): void {
    this.#client.destroy();
  }

  async stat(key: ObjectKey, wait: Waiting): Promise<ObjectStat | null> {
    return this.#guard(`stat ${key} in ${this.name}`, wait, async (abortSignal) => {
      const found = await this.#head(key, abortSignal);
      if (found === null) return null;
      return { key, bytes: found.ContentLength ?? 0, modifiedAt: found.LastModified ?? undated };
    });
  }

  async read(key: ObjectKey, options: ReadOptions, wait: Waiting): Promise<Buffer> {
    const { range = null, bytesMax, version } = options;
    return this.#guard(`read ${key} from ${this.name}`, wait, async (abortSignal) => {
      // A part without bytes cannot be asked for; the object must be there all the same.
      const asked =
        range !== null && range.from >= range.to ? { from: range.from, to: range.from + 1 } : range;
      const ask = async (part: Part | null, etag: string | null): Promise<GetObjectCommandOutput> =>
        this.#client.send(
          new GetObjectCommand({
            ...this.#at(key),
            ...(version === undefined ? {} : { VersionId: version }),
            ...(part === null ? {} : { Range: rangeHeader(part) }),
            ...(etag === null ? {} : { IfMatch: etag }),
          }),
          { abortSignal },
        );
      try {
        const body = await readS3(
          { store: this.name, key, range: asked, bytesMax, ask },
          { signal: abortSignal },
        );
        return asked === range ? body : body.subarray(0, 0);
      } catch (error) {
        // The part begins behind the end.
        if (range !== null && statusOf(error) === 416) return Buffer.alloc(0);
        if (statusOf(error) === 412)
          throw new Failure("store/unreachable", `${key} changed while it was read`);
        throw error;
      }
    });
  }

  async *list(prefix: string, wait: Waiting, after: string = ""): AsyncGenerator<ObjectStat> {
    let last = after;
    for (let token: string | undefined, more = true; more;) {
      const page = await this.#guard(`list ${prefix} in ${this.name}`, wait, async (abortSignal) =>
        this.#client.send(
          new ListObjectsV2Command({
            Bucket: this.#settings.bucket,
            Prefix: this.#prefix + prefix,
            ...(token === undefined ? {} : { ContinuationToken: token }),
            ...(after === "" || token !== undefined ? {} : { StartAfter: this.#prefix + after }),
          }),
          { abortSignal },
        ),
      );
      for (const { Key = "", Size = 0, LastModified } of page.Contents ?? []) {
        const key = objectKey.safeParse(Key.slice(this.#prefix.length));
        if (!key.success) continue;
        // A listing out of order would make objects look absent to whoever compares in passing.
        if (key.data <= last) throw new Failure("store/protocol", `${this.name} does not list keys in order`);
        last = key.data;
        stillWaiting(wait);
        yield { key: key.data, bytes: Size, modifiedAt: LastModified ?? undated };
      }
      token = page.NextContinuationToken;
      more = page.IsTruncated === true;
      // What is no listing at all reads as an empty one, and "nothing there" must not come from a mistake.
      if (page.IsTruncated === undefined || (more && token === undefined)) {
        throw new Failure("store/protocol", `${this.name} does not answer with a listing`);
      }
    }
  }

  async versions(key: ObjectKey, wait: Waiting): Promise<readonly ObjectVersion[]> {
    return this.#guard(`list versions of ${key} in ${this.name}`, wait, async (abortSignal) =>
      s3Versions(this.#client, { key, ...this.#at(key) }, abortSignal),
    );
  }

  async clock(wait: Waiting): Promise<Date> {
    return this.#guard(`ask ${this.name} for its time`, wait, async (abortSignal) => {
      const at = await s3Date(this.#client, this.#settings.bucket, abortSignal);
      if (at === null) throw new Failure("store/protocol", `${this.name} does not tell its time`);
      return at;
    });
  }

  async create(key: ObjectKey, body: Uint8Array, options: CreateOptions, wait: Waiting): Promise<void> {
    await this.#guard(`create ${key} in ${this.name}`, wait, async (abortSignal) => {
      const command = this.#put(key, body, options, { IfNoneMatch: "*" });
      try {
        await this.#client.send(command, { abortSignal });
      } catch (error) {
        if (await this.#isTaken(key, error, abortSignal)) {
          throw new Failure("store/exists", `${key} is taken in ${this.name}`, { cause: error });
        }
        throw error;
      }
    });
  }

  async mend(key: ObjectKey, body: Uint8Array, options: CreateOptions, wait: Waiting): Promise<void> {
    await this.#guard(`mend ${key} in ${this.name}`, wait, async (abortSignal) => {
      await this.#client.send(this.#put(key, body, options, {}), { abortSignal });
    });
  }

  async remove(key: ObjectKey, version: string | null, wait: Waiting): Promise<void> {
    await this.#guard(`remove ${key} from ${this.name}`, wait, async (abortSignal) => {
      // Where versions are kept, a removal that names none only hides the object.
      const current = version === null ? await this.#head(key, abortSignal) : null;
      if (version === null && current === null) return;
      const named = version ?? current?.VersionId;
      await this.#client.send(
        new DeleteObjectCommand({ ...this.#at(key), ...(named === undefined ? {} : { VersionId: named }) }),
        { abortSignal },
      );
    }).catch((error: unknown) => {
      if (!isFailure(error, "store/absent")) throw error;
    });
  }

  async bucketSettings(wait: Waiting): Promise<BucketSettings> {
    return this.#guard(`examine the bucket of ${this.name}`, wait, async (abortSignal) =>
      s3BucketSettings(this.#client, { bucket: this.#settings.bucket, prefix: this.#prefix }, abortSignal),
    );
  }

  #put(
    key: ObjectKey,
    body: Uint8Array,
    options: CreateOptions,
    condition: { readonly IfNoneMatch?: "*" },
  ): PutObjectCommand {
    const digest = options.sha256 ?? sha256(body);
    const command = new PutObjectCommand({
      ...this.#at(key),
      Body: body,
      ContentLength: body.length,
      ...condition,
      ...this.#lockHeaders(key, options),
      ...this.#checksumHeaders(body, digest),
    });
    signDigest(command, digest);
    return command;
  }

  #at(key: ObjectKey): { Bucket: string; Key: string } {
    return { Bucket: this.#settings.bucket, Key: this.#prefix + key };
  }

  /** `null` when the bucket is there and the object is not: the answer to a HEAD does not tell one from the other. */
  async #head(key: ObjectKey, abortSignal: AbortSignal) {
    try {
      return await this.#client.send(new HeadObjectCommand(this.#at(key)), { abortSignal });
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
    }
    try {
      await this.#client.send(new HeadBucketCommand({ Bucket: this.#settings.bucket }), { abortSignal });
      return null;
    } catch (error) {
      if (statusOf(error) !== 404) throw error;
      throw new Failure("store/refused", `${this.name} has no bucket ${this.#settings.bucket}`, {
        cause: error,
      });
    }
  }

  /** 412 says so; 409 says only that somebody else is at it, who may yet fail. */
  async #isTaken(key: ObjectKey, error: unknown, abortSignal: AbortSignal): Promise<boolean> {
    if (statusOf(error) === 412) return true;
    return statusOf(error) === 409 && (await this.#head(key, abortSignal)) !== null;
  }

  #checksumHeaders(body: Uint8Array, digest: Sha256): { ChecksumSHA256: string } | { ContentMD5: string } {
    return this.#settings.checksums === "when-required"
      ? { ContentMD5: createHash("md5").update(body).digest("base64") }
      : { ChecksumSHA256: Buffer.from(digest, "hex").toString("base64") };
  }

  #lockHeaders(key: ObjectKey, { lock }: CreateOptions): object {
    if (lock === undefined) return {};
    if (this.#settings.lock === undefined) {
      throw new Failure(
        "store/unsuitable",
        `${key} is to be locked, and ${this.name} is not set up for locks`,
        {
          hint: "give the store a `lock` in the configuration",
        },
      );
    }
    return {
      ObjectLockMode: lock.mode === "governance" ? "GOVERNANCE" : "COMPLIANCE",
      ObjectLockRetainUntilDate: lock.until,
    };
  }

  async #guard<T>(doing: string, wait: Waiting, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    stillWaiting(wait);
    const limited = within(wait, this.#limits.requestMs);
    try {
      return await work(limited.signal);
    } catch (error) {
      if (limited.signal.aborted && !wait.signal.aborted) {
        throw new Failure(
          "store/unreachable",
          `${doing}: no end after ${String(this.#limits.requestMs)} ms`,
          {
            cause: error,
          },
        );
      }
      throw s3Failure(doing, error, wait);
    }
  }
}

function rangeHeader({ from, to }: Part): string {
  return `bytes=${String(from)}-${to === null ? "" : String(to - 1)}`;
}
