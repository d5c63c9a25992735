/**
 * A line to a server that goes wrong on demand, by what is said on it and not by time:
 *
 *     await using line = await startProxy({ port }, { protocol: "http", roundTripMs: 100 });
 *     line.meets(/^PUT .*record\.jws/, { kind: "answer-breaks", bytes: 0, how: "silence" }, { skip: 2 });
 *     await line.hears(/^GET .*manifest\.age/);
 *     await line.cut();
 */
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import type { PrivateServer } from "../../src/postgres/server/private-server.ts";
import { endingEarly, refusal, spoilt } from "./http-answer.ts";
import { HttpRequests } from "./http-requests.ts";
import { type Ending, type Fault, fits, opening, type Saying, Script, type When } from "./proxy-fault.ts";
import { Lane } from "./proxy-lane.ts";

export type Upstream = { readonly port: number; readonly host?: string } | { readonly path: string };

export interface ProxyOptions {
  /** Default `bytes`. */
  readonly protocol?: "http" | "bytes";
  /** Half of it each way; the first words on a connection take one more, as its handshake would. Default 0. */
  readonly roundTripMs?: number;
}

export interface Proxy extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** All that was said so far: request lines of HTTP, else the number of bytes; connections as `opening`. */
  readonly said: readonly string[];
  /**
   * How often so far something that was said met a fault, and how often that changed anything: one that breaks
   * after 900 bytes changes nothing for what is shorter.
   */
  readonly faults: { readonly met: number; readonly tookEffect: number };
  /** Whatever fits `saying` meets the fault, once unless `when` says otherwise. The first that is due counts. */
  meets(saying: Saying, fault: Fault, when?: When): void;
  /** Resolves when something that fits is said from now on, `skip` such sayings later where that is given. */
  hears(saying: Saying, skip?: number): Promise<string>;
  /** Takes back all faults that nobody met yet, and listens for nothing more. What was done to a connection stays done. */
  heals(): void;
  /** Breaks every connection, and refuses new ones. */
  cut(): Promise<void>;
  mend(): Promise<void>;
}

/** Where a private server listens. */
export function postgresAt({ address }: Pick<PrivateServer, "address">): Upstream {
  return { path: `${address.host}/.s.PGSQL.${String(address.port)}` };
}

interface Ear {
  readonly saying: Saying;
  skip: number;
  readonly heard: (said: string) => void;
}

export async function startProxy(
  to: Upstream,
  { protocol = "bytes", roundTripMs = 0 }: ProxyOptions = {},
): Promise<Proxy> {
  const script = new Script();
  const said: string[] = [];
  let ears: Ear[] = [];
  const open = new Set<Socket>();
  let tookEffect = 0;
  const takesEffect = (): void => {
    tookEffect += 1;
  };
  const say = (words: string, told = words): Fault | null => {
    said.push(told);
    const fitting = ears.filter(({ saying }) => fits(saying, words));
    const heard = fitting.filter(({ skip }) => skip === 0);
    for (const one of fitting) one.skip -= 1;
    ears = ears.filter((one) => !heard.includes(one));
    for (const one of heard) one.heard(words);
    return script.due(words);
  };
  const accept = (near: Socket): void => {
    const far = connect({ ...to, allowHalfOpen: true });
    for (const socket of [near, far]) {
      open.add(socket);
      socket.setNoDelay(true);
      socket.once("close", () => open.delete(socket));
    }
    joined({ near, far }, { protocol, roundTripMs, say, takesEffect });
  };

  let server = await listen(0, accept);
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("not listening on a port");
  const { port } = bound;
  const cut = async (): Promise<void> => {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  };
  return {
    host: "127.0.0.1",
    port,
    said,
    get faults() {
      return { met: script.met, tookEffect };
    },
    meets: (saying, fault, when = {}) => {
      script.arm(saying, fault, when);
    },
    hears: (saying, skip = 0) =>
      new Promise((heard) => {
        ears.push({ saying, skip, heard });
      }),
    heals: () => {
      script.clear();
      ears = [];
    },
    cut,
    mend: async () => {
      if (!server.listening) server = await listen(port, accept);
    },
    [Symbol.asyncDispose]: cut,
  };
}

async function listen(port: number, accept: (near: Socket) => void): Promise<Server> {
  const server = createServer({ allowHalfOpen: true }, accept);
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
}

interface Ends {
  readonly near: Socket;
  readonly far: Socket;
}

interface Rules {
  readonly protocol: "http" | "bytes";
  readonly roundTripMs: number;
  readonly say: (words: string, told?: string) => Fault | null;
  /** Called when a fault that was met changes something. */
  readonly takesEffect: () => void;
}

/** Over all lines, so that no two are spoilt alike. */
let spoils = 0;

function joined(ends: Ends, { protocol, roundTripMs, say, takesEffect }: Rules): void {
  const { near, far } = ends;
  let handshakeMs = roundTripMs;
  const up = new Lane(near, far, () => roundTripMs / 2 + handshakeMs);
  const down = new Lane(far, near, () => roundTripMs / 2);
  const lanes = { up, down };
  let answer: ReturnType<typeof endingEarly> | null = null;
  let answered = false;
  let asksForHeadAlone = false;
  /** What is answered once the request has been heard whole, which goes nowhere. */
  let instead: Buffer | null = null;
  const meet = (fault: Fault | null): boolean => {
    if (fault === null) return true;
    const breaks = (how: Ending): void => {
      takesEffect();
      end(ends, lanes, how);
    };
    switch (fault.kind) {
      case "breaks":
        breaks(fault.how);
        return false;
      case "saying-breaks":
        up.breakAfter({ bytes: fault.bytes, act: () => breaks(fault.how) });
        return true;
      case "answer-breaks":
        if (fault.bytes === 0 && fault.how === "silence") {
          takesEffect();
          down.goSilent();
        } else down.breakAfter({ bytes: fault.bytes, act: () => breaks(fault.how) });
        return true;
      case "answer-trickles":
        takesEffect();
        down.trickle(fault.bytesPerSecond);
        return true;
      case "saying-trickles":
        takesEffect();
        up.trickle(fault.bytesPerSecond);
        return true;
      case "lags":
        takesEffect();
        up.lag(fault.ms);
        down.lag(fault.ms);
        return true;
      case "refused":
        takesEffect();
        instead = refusal(fault.status, fault.code);
        return true;
      case "answer-ends-early":
        // One without a body has nothing to end, and what it says of lengths is of the object.
        if (!asksForHeadAlone) answer = endingEarly(fault);
        return true;
      case "answer-spoilt":
        spoils += 1;
        answer = spoilt(spoils);
        return true;
    }
  };
  const requests = new HttpRequests();
  const hear = (part: Buffer): void => {
    if (protocol === "bytes") {
      if (meet(say(part.toString("latin1"), `${String(part.length)} bytes`))) up.push(part);
      return;
    }
    for (const one of requests.take(part)) {
      if (one.kind === "head") {
        up.flows();
        down.flows();
        answer = null;
        instead = null;
        asksForHeadAlone = one.line.startsWith("HEAD ");
        if (!meet(say(one.line))) return;
      }
      if (instead === null) up.push(one.bytes);
      else if (one.last) down.push(instead);
    }
  };
  near.on("data", (part) => {
    hear(part);
    handshakeMs = 0;
  });
  far.on("data", (part) => {
    if (answered) return;
    const { bytes, last, changed } = answer?.(part) ?? { bytes: part, last: false, changed: false };
    if (changed) takesEffect();
    if (bytes.length > 0) down.push(bytes);
    if (!last) return;
    answered = true;
    down.push(null);
  });
  near.on("end", () => up.push(null));
  far.on("end", () => {
    if (!answered) down.push(null);
  });
  for (const [one, other] of [
    [near, far],
    [far, near],
  ] as const) {
    // The far end may be a socket in a folder, which knows no reset.
    one.on("error", () => (other === near ? near.resetAndDestroy() : far.destroy()));
    one.on("close", () => {
      // What is still on its way arrives; only then is the other end told.
      if (one === near || one.errored !== null) other.destroy();
    });
  }
  meet(say(opening));
}

function end(
  { near, far }: Ends,
  { up, down }: { readonly up: Lane; readonly down: Lane },
  how: Ending,
): void {
  up.goSilent();
  down.goSilent();
  switch (how) {
    case "reset":
      near.resetAndDestroy();
      far.destroy();
      break;
    case "end":
      near.end();
      far.destroy();
      break;
    case "silence":
      break;
  }
}
