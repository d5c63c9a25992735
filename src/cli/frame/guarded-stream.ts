/** What of a standard stream is used. */
export interface StandardStream {
  write(text: string): unknown;
  on(event: "error", listener: (error: NodeJS.ErrnoException) => void): unknown;
}

/**
 * A stream whose reader may go away, such as `head`: that is no failure of ours, and from then on nothing
 * is written, while the work and its verdict go on. Any other error is told to `onBroken`, once.
 */
export function guarded(
  stream: StandardStream,
  onBroken: (error: Error) => void,
): { readonly write: (text: string) => void } {
  let closed = false;
  stream.on("error", (error) => {
    if (closed) return;
    closed = true;
    if (error.code !== "EPIPE") onBroken(error);
  });
  return {
    write: (text) => {
      if (!closed) stream.write(text);
    },
  };
}
