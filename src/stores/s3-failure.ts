import { Failure, type FailureCode, isFailure, reasonOf } from "../base/failure.ts";
import { abortFailure, type Waiting } from "../base/waiting.ts";

/** Error codes of S3 and of servers that speak it, where the status alone does not say enough. */
const byName: Readonly<Record<string, { readonly code: FailureCode; readonly hint?: string }>> = {
  RequestTimeTooSkewed: { code: "store/clock" },
  RequestExpired: { code: "store/clock" },
  RequestInTheFuture: { code: "store/clock" },
  QuotaExceeded: { code: "store/full" },
  InsufficientStorage: { code: "store/full" },
  XMinioStorageFull: { code: "store/full" },
  XMinioAdminBucketQuotaExceeded: { code: "store/full" },
  BadDigest: { code: "store/corrupt" },
  InvalidDigest: { code: "store/corrupt" },
  XAmzContentSHA256Mismatch: { code: "store/corrupt" },
  XAmzContentChecksumMismatch: { code: "store/corrupt" },
  NoSuchKey: { code: "store/absent" },
  NoSuchVersion: { code: "store/absent" },
  NoSuchBucket: { code: "store/refused", hint: "there is no such bucket; is its name right?" },
  PermanentRedirect: { code: "store/refused", hint: "the bucket lies in another region" },
  AuthorizationHeaderMalformed: { code: "store/refused", hint: "is the region right?" },
  InvalidAccessKeyId: { code: "store/refused", hint: "the store does not know this accessKeyId" },
  SignatureDoesNotMatch: { code: "store/refused", hint: "is secretAccessKey right?" },
  AccessDenied: { code: "store/refused", hint: "the credentials lack a permission, or the object is locked" },
  InvalidObjectState: {
    code: "store/refused",
    hint: "it lies in an archive of the store; bring it back there, and see `holdfast stores check`",
  },
  RequestTimeout: { code: "store/unreachable" },
  SlowDown: { code: "store/unreachable", hint: "the store asks for fewer requests at once" },
  NotImplemented: { code: "store/protocol", hint: "the server lacks a part of S3 that holdfast needs" },
};

/** What a TLS handshake says when the certificate is not good: asking again does not mend it. */
const badCertificate = /^(?:CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF_SIGNED|SELF_SIGNED|UNABLE_TO_)/;

/** The failure that an error of the S3 client stands for; `wait` tells an abort of ours from one of the network. */
export function s3Failure(doing: string, error: unknown, wait: Waiting): Failure {
  if (isFailure(error)) return error;
  if (wait.signal.aborted) return abortFailure(wait.signal);
  const { name, status, errno } = factsOf(error);
  const message = `${doing}: ${sayingOf(error)}`;
  if (badCertificate.test(errno)) {
    return new Failure("store/refused", message, {
      cause: error,
      hint: "the certificate of the endpoint is not trusted",
    });
  }
  const known = Object.hasOwn(byName, name) ? byName[name] : undefined;
  if (known === undefined) return new Failure(codeOfStatus(status), message, { cause: error });
  return new Failure(known.code, message, {
    cause: error,
    ...(known.hint === undefined ? {} : { hint: known.hint }),
  });
}

/** The HTTP status of an error of the S3 client; `null` when there was no answer. */
export function statusOf(error: unknown): number | null {
  return factsOf(error).status;
}

/** The answer that came with an error, as headers; empty when there was none. */
export function headersOf(error: unknown): Readonly<Record<string, unknown>> {
  const response = field(error, "$response");
  const headers = field(response, "headers");
  return typeof headers === "object" && headers !== null ? { ...headers } : {};
}

function codeOfStatus(status: number | null): FailureCode {
  // Without an answer it was the network, a time-out or an answer that is no S3.
  if (status === null || status === 408 || status === 429) return "store/unreachable";
  if (status === 507) return "store/full";
  if (status === 501 || status === 405) return "store/protocol";
  if (status >= 500 || status === 409) return "store/unreachable";
  if (status === 412) return "store/exists";
  if (status === 404) return "store/absent";
  // An answer of success that the client could not make sense of was cut short or is not S3.
  return status >= 300 ? "store/refused" : "store/unreachable";
}

function factsOf(error: unknown): {
  readonly name: string;
  readonly status: number | null;
  readonly errno: string;
} {
  const status = field(field(error, "$metadata"), "httpStatusCode");
  const errno = field(error, "code");
  return {
    name: error instanceof Error ? error.name : "",
    status: typeof status === "number" && status > 0 ? status : null,
    errno: typeof errno === "string" ? errno : "",
  };
}

/** Names say more than messages do, which for an answer without a body are the name of the class. */
function sayingOf(error: unknown): string {
  const { name, status, errno } = factsOf(error);
  const words = [name === "Error" ? "" : name, errno, status === null ? "" : `status ${String(status)}`];
  const saying = words.filter((word) => word !== "").join(", ");
  return saying === "" ? reasonOf(error) : saying;
}

function field(of: unknown, name: string): unknown {
  return typeof of === "object" && of !== null && name in of ? Reflect.get(of, name) : undefined;
}
