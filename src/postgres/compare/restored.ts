import type { Budget } from "../../base/limit.ts";
import type { Waiting } from "../../base/waiting.ts";
import type { Assertion } from "../../model/plan.ts";
import type { Fingerprint } from "../../model/fingerprint.ts";
import type { Chance } from "../../base/chance.ts";
import { connect } from "../session/connect.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import type { Image } from "../image.ts";
import type { Withheld } from "../load/rights/withheld.ts";
import type { Programs } from "../server/programs.ts";
import type { Session, Side } from "../session/session.ts";
import { setExactText } from "../session/settings.ts";

/** A database that was loaded from an image. */
export interface Restored {
  readonly side: Exclude<Side, "source">;
  /** The restored database as the administrator who made it: a superuser on scratch. */
  readonly admin: ServerAddress;
  /**
   * Makes an empty database from the same archive on the same server, and says where; null where there is to be none.
   * Called once at most, beside the reading of rows, when roles and privileges have been read.
   */
  readonly twin: (() => Promise<ServerAddress>) | null;
  /** Whether the database was there before the load, with whatever somebody had altered of the server's own things in it. */
  readonly existed?: boolean;
  /** Whether the tenant has event triggers, which the administrator's sessions must not fire; `compare` sees to it. */
  readonly eventTriggers?: boolean;
}

/** What verify and restore alike give one assertion of a plan. */
export const assertionLimitMsDefault = 5 * 60_000;

export interface CompareOptions {
  /** Connections that read tables side by side. */
  readonly jobs: number;
  readonly programs: Programs;
  /** Of the plan; null where that is not known here. */
  readonly assertions: readonly Assertion[] | null;
  readonly assertionLimitMs: number;
  /** Whether amcheck reads every index; only ever on scratch. */
  readonly indexes: boolean;
  /** Set where only some tables were restored: nothing but their rows is compared then. */
  readonly onlyTables: readonly { readonly schema: string; readonly name: string }[] | null;
  readonly chance: Chance;
  /** By the load, by design; nothing where absent. */
  readonly withheld?: readonly Withheld[];
  /** For all of it; what has not ended by then is `not-run`. Where absent only the caller's wait bounds it. */
  readonly limitMs?: number;
}

/** What every comparison is given. */
export interface Comparison {
  readonly restored: Restored;
  readonly image: Image;
  readonly fingerprint: Fingerprint;
  readonly options: CompareOptions;
  /** Who reads rows: on scratch a login without superuser, see `openReader`. */
  readonly reader: ServerAddress;
  /** As many as sessions may read what is large at a time. */
  readonly places: Budget;
  readonly wait: Waiting;
  /** The caller's, whose end is thrown. That of `wait` alone is a limit on the comparison, and leaves checks not run. */
  readonly asked: Waiting;
}

/** A session as `address`, under the settings that the source was read with. */
export async function openExact(restored: Restored, address: ServerAddress, wait: Waiting): Promise<Session> {
  const session = await openPlain(restored, address, wait);
  try {
    await setExactText(session);
    return session;
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

/** A session with the database's own settings, but for those that would hinder or endanger us (`startupOptions`). */
export async function openPlain(restored: Restored, address: ServerAddress, wait: Waiting): Promise<Session> {
  const withoutEventTriggers = restored.eventTriggers === true && address.user === restored.admin.user;
  return connect(address, restored.side, { applicationName: "holdfast compare", withoutEventTriggers }, wait);
}

/** As `openPlain`, and names are looked up as the tenant's sessions do, unless it is the administrator who asks. */
export async function openAsTenant(
  restored: Restored,
  address: ServerAddress,
  wait: Waiting,
): Promise<Session> {
  const ownSearchPath = address.user !== restored.admin.user;
  const options = { applicationName: "holdfast compare", ownSearchPath };
  return connect(address, restored.side, options, wait);
}
