import { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { ClientConfig } from "pg";

export interface Lines {
  /** The options that were given, for connections that this knows of. */
  readonly options: ClientConfig;
  /** Resolves once `goodbye` has been said and every connection has ended, never rejects. What takes longer than `limitMs` is cut. */
  ended(goodbye: Promise<unknown>, limitMs: number): Promise<void>;
}

/**
 * `pg` says goodbye and waits for the other end to hang up. Over a line that went silent nobody does, and whoever
 * closes would wait for as long as the kernel hopes, which is a quarter of an hour and more. What is made over the
 * options of other lines makes connections that both know of.
 */
export function linesOf(options: ClientConfig): Lines {
  const open = new Map<Duplex, Promise<void>>();
  return {
    options: {
      ...options,
      stream: () => {
        const socket = options.stream?.() ?? new Socket();
        const closed = new Promise<void>((resolve) => {
          socket.once("close", () => {
            open.delete(socket);
            resolve();
          });
        });
        open.set(socket, closed);
        return socket;
      },
    },
    ended: async (goodbye, limitMs) => {
      // Again and again, since whoever says goodbye may have more to say than one connection takes.
      const cutting = setInterval(() => {
        for (const socket of open.keys()) socket.destroy();
      }, limitMs);
      await goodbye.catch(() => undefined);
      while (open.size > 0) await Promise.all(open.values());
      clearInterval(cutting);
    },
  };
}
