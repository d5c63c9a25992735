import type { Waiting } from "../base/waiting.ts";
import { type Seen, seenByListing } from "./look.ts";
import { bothStores, type Round, verified } from "./round.ts";
import { folderAt } from "./store/folder.ts";
import { seenThrough } from "./workbench.ts";
import { type Contents, isListed, type StoreDamage } from "./store/store-damage.ts";

/** The damage is done to a fresh copy of the stores, and the reader it is meant for looks at it. */
export async function challengeStore(
  round: Round,
  { make, expected }: Pick<StoreDamage, "make" | "expected">,
  contents: Contents,
  wait: Waiting,
): Promise<Seen> {
  const { ground, examiner } = round;
  const { tenant, neighbour, newest, older, neighbours, onTrial, other, signers } = ground;
  await using bench = await bothStores(round);
  const { lens, backup = newest } = await make(
    {
      tenant: tenant.id,
      neighbour: neighbour.id,
      newest,
      older,
      neighbours,
      folder: folderAt(bench.store(onTrial)),
      other: folderAt(bench.store(other)),
      lastWeek: folderAt(ground.lastWeek),
      contents,
      store: onTrial,
      otherStore: other,
      signers,
      now: () => ground.desk.machine.clock.now(),
    },
    wait,
  );
  const desk = lens === undefined ? bench.desk() : seenThrough(bench.desk(), onTrial, lens);
  const copy = { backup, store: onTrial };
  // What only a listing can tell is not to cost a load.
  return isListed(expected)
    ? seenByListing(await examiner.list(desk, tenant, wait), copy)
    : await verified(round, { desk, tenant }, copy, wait);
}
