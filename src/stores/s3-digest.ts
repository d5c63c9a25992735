import type { PutObjectCommand } from "@aws-sdk/client-s3";
import type { Sha256 } from "../base/digest.ts";

/** Makes the digest part of the signature: the store then refuses other bytes, and the SDK need not hash them again. */
export function signDigest(command: PutObjectCommand, digest: Sha256): void {
  command.middlewareStack.add(
    (next) => async (args) => {
      const headers: unknown =
        typeof args.request === "object" && args.request !== null && "headers" in args.request
          ? args.request.headers
          : null;
      if (typeof headers === "object" && headers !== null)
        Reflect.set(headers, "x-amz-content-sha256", digest);
      return next(args);
    },
    { step: "build", name: "holdfastDigest" },
  );
}
