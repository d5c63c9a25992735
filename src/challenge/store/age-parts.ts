import { Failure } from "../../base/failure.ts";

export interface AgeParts {
  /** The first byte behind the header: of the nonce. */
  readonly headerEnd: number;
  /** The first byte behind the nonce: of the payload's first segment. */
  readonly nonceEnd: number;
  /** The first byte behind the first whole segment of 64 KiB and its tag. */
  readonly segmentEnd: number;
}

const nonceBytes = 16;
const segmentBytes = 65_536 + 16;

/** Where a sealed object falls into parts (age-encryption.org/v1); of one that has them all. */
export function agePartsOf(sealed: Uint8Array): AgeParts {
  const text = Buffer.from(sealed.buffer, sealed.byteOffset, Math.min(sealed.length, 8192)).toString(
    "latin1",
  );
  const mac = /\n--- [A-Za-z0-9+/]{43}\n/.exec(text);
  if (mac === null) throw new Failure("internal/bug", "the object to be damaged is no age file");
  const headerEnd = mac.index + mac[0].length;
  const nonceEnd = headerEnd + nonceBytes;
  const segmentEnd = nonceEnd + segmentBytes;
  if (segmentEnd >= sealed.length)
    throw new Failure("internal/bug", `the object to be damaged has but ${String(sealed.length)} bytes`);
  return { headerEnd, nonceEnd, segmentEnd };
}
