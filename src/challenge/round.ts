/** What all challenges of one run share. */
import type { Budget } from "../base/limit.ts";
import { noProgress } from "../base/progress.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Tenant } from "../config/config.ts";
import type { Desk } from "../desk/desk.ts";
import type { Talk } from "../desk/talk.ts";
import type { VerifyWish } from "../desk/verify-orders.ts";
import type { BackupId, StoreName } from "../model/ids.ts";
import type { Forge } from "./damage.ts";
import type { Examiner } from "./examiner.ts";
import type { Ground } from "./ground.ts";
import { type Seen, seenByListing, seenByVerification } from "./look.ts";
import type { ScratchLender } from "./scratch-lender.ts";
import { setOut, type Workbench } from "./workbench.ts";

export interface Round {
  readonly ground: Ground;
  readonly examiner: Examiner;
  readonly lender: ScratchLender;
  readonly forge: Forge;
  /** One place each: only one clone bears the tenant's name at a time, and one installation is broken. */
  readonly cloning: Budget;
  readonly breaking: Budget;
}

export interface CopyToVerify extends Pick<VerifyWish, "loaded"> {
  readonly backup: BackupId;
  readonly store: StoreName;
}

/** A fresh copy of both stores. */
export function bothStores({ ground }: Round): Promise<Workbench> {
  return setOut(ground.folder, [ground.onTrial, ground.other], ground.desk);
}

/** Whose copy, and by which stores and keys. */
interface Verified {
  readonly desk: Desk;
  readonly tenant: Tenant;
}

/**
 * What verification says of a copy; where it refutes the copy, also whether a restore takes it for proven
 * all the same.
 */
export async function verified(
  { examiner, lender }: Round,
  { desk, tenant }: Verified,
  copy: CopyToVerify,
  wait: Waiting,
): Promise<Seen> {
  const wish = { ...copy, startServer: lender.startServer };
  const seen = seenByVerification(await examiner.verify(desk, tenant, wish, quietly(), wait));
  if (seen.outcome !== "refuted") return seen;
  const listed = seenByListing(await examiner.list(desk, tenant, wait), copy);
  return listed.outcome === "proven" ? listed : seen;
}

/** Nobody wants to hear of every load of two hundred; `onPhase` is told what a bar would show. */
export function quietly(onPhase: (phase: string) => void = () => undefined): Talk {
  return { say: () => undefined, progress: () => ({ ...noProgress, phase: onPhase }) };
}
