/**
 * Bytes as a stream and back. The age library makes its answers of streams by way of `Response`, for which Node loads
 * all of its HTTP client: a tenth of a second in every process and thread that opens or seals its first age file.
 */
export function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      controller.enqueue(bytes);
      controller.close();
    },
  });
}

/** Throws what the stream throws. */
export async function wholeOf(stream: ReadableStream<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
