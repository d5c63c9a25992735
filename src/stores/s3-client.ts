import { NodeHttpHandler } from "@smithy/node-http-handler";
import { S3Client } from "@aws-sdk/client-s3";

export interface S3Address {
  readonly region: string;
  /** `https://…`; the region's own when it is not given. */
  readonly endpoint?: string | undefined;
  /** `https://endpoint/bucket/key` instead of `https://bucket.endpoint/key`. */
  readonly pathStyle?: boolean | undefined;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface S3Limits {
  readonly connectMs: number;
  /** A socket on which nothing moves. */
  readonly idleMs: number;
  /** One request from start to end, body included. */
  readonly requestMs: number;
}

export const s3Limits: S3Limits = { connectMs: 10_000, idleMs: 30_000, requestMs: 300_000 };

const socketsMax = 64;

/**
 * The client of the AWS SDK, without what would work behind our back: it does not retry (the
 * decorator does, and settles what happened), and it does not compute checksums of its own (we sign
 * the digest of every body, and compare that of everything we read with a signed inventory).
 */
export function s3Client(address: S3Address, limits: S3Limits): S3Client {
  const agent = { keepAlive: true, maxSockets: socketsMax };
  return new S3Client({
    region: address.region,
    ...(address.endpoint === undefined ? {} : { endpoint: address.endpoint }),
    forcePathStyle: address.pathStyle ?? false,
    credentials: { accessKeyId: address.accessKeyId, secretAccessKey: address.secretAccessKey },
    maxAttempts: 1,
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // Would wait for an interim answer that many servers never give.
    expectContinueHeader: false,
    followRegionRedirects: false,
    logger: silent,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: limits.connectMs,
      socketTimeout: limits.idleMs,
      httpAgent: agent,
      httpsAgent: agent,
      logger: silent,
    }),
  });
}

function ignore(): void {}

/** The SDK would write warnings to the console, in the midst of what a command prints. */
const silent = { trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };
