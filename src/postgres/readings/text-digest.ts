/**
 * An SQL expression for the digest of a text; null for null. By SHA-256, since a server under FIPS refuses MD5, of which 32
 * hex digits are told, since people read it. The bytes are taken as the database has them, by doubling what `decode` takes
 * for an escape: a conversion would fail on what is no lawful text.
 */
export function textDigest(expression: string): string {
  const bytes = `pg_catalog.decode(pg_catalog.replace(${expression}, pg_catalog.chr(92), pg_catalog.repeat(pg_catalog.chr(92), 2)), 'escape')`;
  return `pg_catalog.left(pg_catalog.encode(pg_catalog.sha256(${bytes}), 'hex'), 32)`;
}
