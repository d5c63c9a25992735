/** Whether a target can take a backup, before anything is changed there. */
import { Failure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { ServerAddress } from "../base/server-address.ts";
import { findBrokenLoad } from "../postgres/load/rights/mark.ts";
import { openTarget } from "../postgres/target/open-target.ts";
import type { Session } from "../postgres/session/session.ts";
import { examineTarget, type TargetNeeds } from "../postgres/target/target.ts";
import { beginAgain, beginAgainOrKeep } from "./left-behind.ts";

/** A target that can take the backup. */
export interface Ready {
  /** To a database of its that is there in any case. */
  readonly maintenance: ServerAddress;
  /** Whether the database itself is yet to be made. */
  readonly create: boolean;
}

/**
 * "target/occupied" for a database that is not empty, "target/unsuitable" for one that lacks something;
 * nothing is changed.
 */
export async function demandSuitable(
  address: ServerAddress,
  needs: TargetNeeds,
  wait: Waiting,
): Promise<Ready> {
  await using target = await openTarget(address, wait);
  const checks = await examineTarget(target, needs);
  const bad = checks.filter((check) => check.outcome === "failed");
  // Of a template nobody is to think that emptying it would help.
  const isTemplate = bad.some((check) => check.name === "template");
  const occupied = isTemplate ? undefined : bad.find((check) => check.name === "empty");
  if (occupied !== undefined) {
    const hint = target.database === null ? undefined : await brokenOff(target.database);
    throw new Failure(
      "target/occupied",
      `${address.database} is not empty: ${occupied.detail}`,
      hint === undefined ? {} : { hint },
    );
  }
  if (bad.length > 0) {
    const words = bad.map(({ name, detail }) => `${name}: ${detail}`).join("; ");
    throw new Failure("target/unsuitable", `${address.database} cannot be restored to: ${words}`);
  }
  return { maintenance: target.maintenance, create: target.database === null };
}

/** What a restore that was killed left behind, and what to do about it. */
async function brokenOff(session: Session): Promise<string | undefined> {
  const found = await findBrokenLoad(session);
  if (found === null) return undefined;
  switch (found.at) {
    case "loading":
      return `a restore was broken off here: ${beginAgain(found)}`;
    case "comparing":
      // What the load was refused, or was not asked for, went with its report.
      return `a restore had ended its load here and was broken off before it had compared it with the backup, and what it could not load is not known any more: ${beginAgainOrKeep(found)}`;
  }
}
