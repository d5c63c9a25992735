/** Which recovery point a restore goes back to, and whether that is recent enough. */
import { Failure } from "../base/failure.ts";
import { type BackupState, choose, type Choice, type Wish } from "../model/choose.ts";
import { spell } from "../model/duration.ts";
import type { StoreName, TenantId } from "../model/ids.ts";

export interface PointWish extends Wish {
  readonly tenant: TenantId;
  /** Refuse a point older than this; null: take what there is. */
  readonly notOlderThanMs: number | null;
}

export interface Point {
  readonly choice: Choice;
  readonly ageMs: number;
  /** The age in words, against the interval that the plan expects. */
  readonly ageWords: string;
}

export interface PointContext {
  readonly backups: readonly BackupState[];
  /** The tenant's stores in the order of preference. */
  readonly stores: readonly StoreName[];
  readonly now: Date;
  /** The plan's interval between backups: null where it has none, undefined where the plan is not known here. */
  readonly intervalMs: number | null | undefined;
  /** Told where nothing suits: which stores were not asked; empty when all were. */
  readonly unasked?: string;
}

/**
 * "backup/unknown" when the backup named does not exist, "backup/none" when nothing suits, with what
 * there is instead, "backup/old" when the newest that suits is older than allowed.
 */
export function choosePoint(wish: PointWish, context: PointContext): Point {
  const choice = choose(context.backups, wish, context.stores);
  if (choice === null) throw nothingSuits(wish, context);
  const ageMs = context.now.getTime() - Date.parse(choice.backup.at);
  const ageWords = describeAge(ageMs, context.intervalMs);
  if (wish.notOlderThanMs !== null && ageMs > wish.notOlderThanMs) {
    throw new Failure(
      "backup/old",
      `the newest backup that suits, ${choice.backup.backup}, is ${ageWords}; --not-older-than allows ${spell(wish.notOlderThanMs)}`,
    );
  }
  return { choice, ageMs, ageWords };
}

function describeAge(ageMs: number, intervalMs: PointContext["intervalMs"]): string {
  const age = `${spell(Math.max(0, ageMs))} old`;
  if (intervalMs === undefined) return age;
  if (intervalMs === null) return `${age}; its plan expects no regular backups`;
  return `${age}; its plan expects one every ${spell(intervalMs)}${ageMs > intervalMs ? ", so newer changes are lost" : ""}`;
}

function nothingSuits(wish: PointWish, { backups, unasked = "" }: PointContext): Failure {
  const { tenant, backup, before, store } = wish;
  if (backup !== undefined && !backups.some((one) => one.backup === backup)) {
    return new Failure("backup/unknown", `no store holds a backup ${backup} of ${tenant}${unasked}`);
  }
  const limits = [
    ...(backup === undefined ? [] : [`named ${backup}`]),
    ...(before === undefined ? [] : [`from ${before} or before`]),
    ...(store === undefined ? [] : [`in ${store}`]),
  ];
  const which = `backup of ${tenant}${limits.length === 0 ? "" : ` ${limits.join(", ")}`}`;
  if (backups.length === 0)
    return new Failure("backup/none", `there is no ${which}${unasked}`, { hint: `holdfast list ${tenant}` });
  if (backups.every(({ suspect }) => suspect)) {
    return new Failure("backup/none", `there is no ${which} that is believed${unasked}`, {
      hint: `\`holdfast list ${tenant}\` says why: keys.trusted lacks the key that signed them, or this host's clock is behind`,
    });
  }
  const torn = backups.find(isTorn);
  return new Failure(
    "backup/none",
    `there is no ${wish.allowUnproven ? "usable" : "verified"} ${which}${unasked}`,
    torn === undefined
      ? {}
      : {
          hint: `no store holds ${torn.backup} whole; --backup ${torn.backup} --allow-unproven --reason TEXT takes each object from whichever store has it`,
        },
  );
}

/** Held, and whole nowhere: its copies may be whole together. */
function isTorn({ suspect, copies }: BackupState): boolean {
  const states = [...copies.values()].map(({ state }) => state);
  return !suspect && states.includes("damaged") && !states.includes("present");
}
