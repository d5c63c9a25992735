/** What the proxy may do to a connection, and when: by what is said on it, never by time. */
import type { Framing } from "./http-answer.ts";

/** Of HTTP each request line (`PUT /bucket/key?…`); of anything else each part that the client sends. New connections say `opening`. */
export type Saying = string | RegExp;

export const opening = "(a connection opens)";

export type Ending =
  /** As a machine does that knows nothing of the connection. */
  | "reset"
  /** A clean end of the connection. */
  | "end"
  /** Nothing more comes, and nobody says so: half open. */
  | "silence";

export type Fault =
  /** What was said does not go through. */
  | { readonly kind: "breaks"; readonly how: Ending }
  /** So many bytes of what is said go through. */
  | { readonly kind: "saying-breaks"; readonly bytes: number; readonly how: Ending }
  /** What was said goes through, and so many bytes of the answer. */
  | { readonly kind: "answer-breaks"; readonly bytes: number; readonly how: Ending }
  | { readonly kind: "answer-trickles"; readonly bytesPerSecond: number }
  | { readonly kind: "saying-trickles"; readonly bytesPerSecond: number }
  /** From then on whatever goes through takes so much longer, each way. */
  | { readonly kind: "lags"; readonly ms: number }
  /** HTTP only: the proxy answers instead of the server, which hears nothing of it. */
  | { readonly kind: "refused"; readonly status: number; readonly code: string }
  /** HTTP only: a bit of the answer's body is flipped, another one each time; listings are spared. */
  | { readonly kind: "answer-spoilt" }
  /** HTTP only: the answer's body ends after so many bytes, and its framing says that this is all. */
  | { readonly kind: "answer-ends-early"; readonly bytes: number; readonly framing: Framing };

/** What any line may do, by what it is called in the name of a test. */
export const breaks = {
  "is reset": { kind: "breaks", how: "reset" },
  "is closed": { kind: "breaks", how: "end" },
  "goes silent": { kind: "breaks", how: "silence" },
} as const satisfies Readonly<Record<string, Fault>>;

interface Armed {
  readonly saying: Saying;
  readonly fault: Fault;
  skip: number;
  readonly times: number;
  met: number;
}

export interface When {
  /** So many are let through first; default none. */
  readonly skip?: number;
  /** How many meet the fault; default one. */
  readonly times?: number;
  /** Of those left, only every so many-th; default each. */
  readonly every?: number;
}

/** The faults that wait for what they fit to be said. */
export class Script {
  /** How often anything said met a fault. */
  met = 0;
  #armed: (Armed & { readonly every: number; count: number })[] = [];

  arm(saying: Saying, fault: Fault, { skip = 0, times = 1, every = 1 }: When): void {
    this.#armed.push({ saying, fault, skip, times, every, met: 0, count: 0 });
  }

  clear(): void {
    this.#armed = [];
  }

  /** The first fault that is due for it. */
  due(said: string): Fault | null {
    for (const one of this.#armed) {
      if (one.met === one.times || !fits(one.saying, said)) continue;
      if (one.skip > 0) {
        one.skip -= 1;
        continue;
      }
      one.count += 1;
      if (one.count % one.every !== 0) continue;
      one.met += 1;
      this.met += 1;
      return one.fault;
    }
    return null;
  }
}

export function fits(saying: Saying, said: string): boolean {
  return typeof saying === "string" ? said.includes(saying) : saying.test(said);
}
