/**
 * The least Padmé size that holds `bytes`: sizes keep only as many leading bits as their exponent has
 * bits, so an observer learns O(log log) bits of the true length and at most 12 % is added.
 * Source: Nikitin and others, "Reducing Metadata Leakage from Encrypted Files and Communication
 * with PURBs" (2019), section 4.
 */
export function padme(bytes: number): number {
  if (bytes < 2) return bytes;
  const exponent = Math.floor(Math.log2(bytes));
  const keptBits = Math.floor(Math.log2(exponent)) + 1;
  const step = 2 ** Math.max(0, exponent - keptBits);
  return Math.ceil(bytes / step) * step;
}
