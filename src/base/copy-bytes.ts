/** From here on the call into the runtime costs less than the words. */
const nativeBytesMin = 1024;
const wordBytes = 8;

/** A piece of memory and the view that words are read and written by. */
export interface ViewedBytes {
  readonly bytes: Buffer;
  readonly view: DataView;
}

export function viewed(bytes: Buffer): ViewedBytes {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) };
}

/**
 * Copies the bytes of `source` between `from` and `to` into `target`, which has room for them, from `at` on. Copying a
 * row by `set` makes an object for its part of the source, and eight million of them are a gigabyte for the
 * collector; `copy` makes none and costs as much for each call as a hundred bytes do. Words read and written
 * through a view make no object and no call. The last word overlaps the one before it.
 */
export function copyBytes(
  source: ViewedBytes,
  from: number,
  to: number,
  target: ViewedBytes,
  at: number,
): void {
  const count = to - from;
  if (count >= nativeBytesMin) {
    source.bytes.copy(target.bytes, at, from, to);
    return;
  }
  if (count < wordBytes) {
    for (let done = 0; done < count; done += 1) target.bytes[at + done] = source.bytes[from + done] ?? 0;
    return;
  }
  const last = count - wordBytes;
  for (let done = 0; done < last; done += wordBytes) {
    target.view.setBigInt64(at + done, source.view.getBigInt64(from + done, true), true);
  }
  target.view.setBigInt64(at + last, source.view.getBigInt64(to - wordBytes, true), true);
}
