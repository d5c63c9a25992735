import { readClassic } from "../base/age-classic.ts";
import { payloadBytes, readPayload, segmentBytes } from "../base/age-payload.ts";
import { Failure } from "../base/failure.ts";

/**
 * A small age file for an X25519 identity, with a payload of one piece. The library reads even a hundred bytes through
 * streams, which took a tenth of the main thread's time in the backup of a small tenant. Null when it is not sealed to
 * `identity`; altered or malformed: "sealing/damaged"; no X25519 identity: "keys/identity".
 */
export async function openClassic(sealed: Uint8Array, identity: string): Promise<Buffer | null> {
  const file = await readClassic(sealed, identity);
  if (file === null) return null;
  if (file.payload.length > payloadBytes(segmentBytes))
    throw new Failure("sealing/damaged", "the payload is longer than any key");
  return readPayload(file.fileKey, file.payload);
}
