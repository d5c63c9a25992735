/**
 * Damages objects of a directory store, as disks and people do. Every damage is undone when it is
 * disposed of: `await using damaged = damage(folder, key, { kind: "missing" })`.
 */
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { sealedParts } from "./sealed-boundaries.ts";

export type Damage =
  | { readonly kind: "missing" }
  /** Cut to so many bytes. */
  | { readonly kind: "truncated"; readonly toBytes: number }
  | { readonly kind: "extended"; readonly by: Uint8Array }
  /** One bit: of the age header, of the payload, or of the last authentication tag. */
  | { readonly kind: "flipped"; readonly where: "header" | "body" | "tag" | { readonly byte: number } }
  /** The bytes of another object in its place, whole and validly sealed, of this tenant or another. */
  | { readonly kind: "replaced"; readonly by: { readonly store: string; readonly key: string } }
  /** Bytes kept from earlier, such as an old record. */
  | { readonly kind: "replayed"; readonly bytes: Uint8Array };

/** Does the damage at once. */
export function damage(store: string, key: string, how: Damage): Disposable {
  const path = join(store, key);
  const whole = existsSync(path) ? readFileSync(path) : null;
  const altered = alter(whole ?? Buffer.alloc(0), how);
  if (altered === null) rmSync(path, { force: true });
  else put(path, altered);
  return {
    [Symbol.dispose]: () => {
      if (whole === null) rmSync(path, { force: true });
      else put(path, whole);
    },
  };
}

/** Two objects with each other's bytes. */
export function swap(store: string, one: string, other: string): Disposable {
  const stack = new DisposableStack();
  const bytes = readFileSync(join(store, one));
  stack.use(damage(store, one, { kind: "replaced", by: { store, key: other } }));
  stack.use(damage(store, other, { kind: "replayed", bytes }));
  return stack;
}

function alter(whole: Buffer, how: Damage): Buffer | null {
  switch (how.kind) {
    case "missing":
      return null;
    case "truncated":
      if (how.toBytes >= whole.length) throw new Error(`there are only ${String(whole.length)} bytes`);
      return whole.subarray(0, how.toBytes);
    case "extended":
      return Buffer.concat([whole, how.by]);
    case "flipped":
      return flipped(whole, placeOf(whole, how.where));
    case "replaced":
      return readFileSync(join(how.by.store, how.by.key));
    case "replayed":
      return Buffer.from(how.bytes);
  }
}

function placeOf(whole: Buffer, where: "header" | "body" | "tag" | { readonly byte: number }): number {
  if (typeof where === "object") return where.byte;
  const { headerEnd } = sealedParts(whole);
  switch (where) {
    case "header":
      return headerEnd - 10;
    case "body":
      return Math.floor((headerEnd + 16 + whole.length - 16) / 2);
    case "tag":
      return whole.length - 1;
  }
}

function flipped(whole: Buffer, at: number): Buffer {
  const copy = Buffer.from(whole);
  const byte = copy[at];
  if (byte === undefined) throw new Error(`there is no byte ${String(at)}`);
  copy[at] = byte ^ 1;
  return copy;
}

/** A store may have made its files read-only. */
function put(path: string, bytes: Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  if (existsSync(path)) chmodSync(path, 0o600);
  writeFileSync(path, bytes);
}
