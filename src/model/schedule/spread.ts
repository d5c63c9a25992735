/**
 * Where in a span a tenant stands: whole seconds, at least 0 and less than `spanMs`, the same at every call and on
 * every host, and unrelated for two kinds of one tenant. 32-bit FNV-1a, then MurmurHash3's finaliser, since
 * FNV alone leaves names that differ in their last digit close together.
 */
export function spreadMs(tenant: string, kind: string, spanMs: number): number {
  let hash = 0x811c9dc5;
  for (const text of [tenant, "/", kind]) {
    for (let index = 0; index < text.length; index += 1) {
      hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
    }
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  hash = (hash ^ (hash >>> 16)) >>> 0;
  return Math.floor(((hash / 2 ** 32) * spanMs) / 1000) * 1000;
}
