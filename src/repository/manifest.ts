/** `manifest.age` as text: JSON that the schema of `src/model/manifest.ts` describes. */
import { Failure } from "../base/failure.ts";
import type { BackupId, TenantId } from "../model/ids.ts";
import { type Manifest, manifest } from "../model/manifest.ts";

/** More than any tenant's manifest, and the longest text that the engine takes; a cap on what opening one may unfold into. */
export const manifestBytesMax = 512 * 1024 * 1024;

/** "source/unsupported" for a tenant whose manifest nobody could open again. */
export function encodeManifest(content: Manifest, bytesMax: number = manifestBytesMax): Buffer {
  const text = textOf(content);
  if (text === null || Buffer.byteLength(text) > bytesMax) {
    throw new Failure(
      "source/unsupported",
      `the manifest would be longer than ${String(bytesMax)} bytes: ${String(content.fingerprint.tables.length)} tables in ${String(content.streams.length)} streams are too many for one backup`,
      { hint: "back the tenant up as several, by schemas" },
    );
  }
  return Buffer.from(text);
}

/** null where it is longer than any text may be. */
function textOf(content: Manifest): string | null {
  try {
    return JSON.stringify(content);
  } catch (error) {
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The manifest of that backup: "format/unknown" for a version we do not know, "format/invalid" for any other fault. */
export function decodeManifest(
  plain: Uint8Array,
  owner: { readonly tenant: TenantId; readonly backup: BackupId },
): Manifest {
  const content = parseJson(plain, owner.backup);
  const parsed = manifest.safeParse(content);
  if (!parsed.success) {
    const newer = parsed.error.issues.some((issue) => issue.path[0] === "format");
    const where = parsed.error.issues.map((issue) => issue.path.join(".")).join(", ");
    throw new Failure(
      newer ? "format/unknown" : "format/invalid",
      `manifest of ${owner.backup} does not parse at ${where}`,
    );
  }
  if (parsed.data.tenant !== owner.tenant || parsed.data.backup !== owner.backup) {
    throw new Failure(
      "format/invalid",
      `manifest of ${owner.backup} says it is that of ${parsed.data.backup}`,
    );
  }
  return parsed.data;
}

function parseJson(plain: Uint8Array, backup: BackupId): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(plain));
  } catch (error) {
    throw new Failure("format/invalid", `manifest of ${backup} is not JSON`, { cause: error });
  }
}
