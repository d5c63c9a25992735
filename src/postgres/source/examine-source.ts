import { isFailure } from "../../base/failure.ts";
import { stillWaiting, within, type Waiting } from "../../base/waiting.ts";
import { addressOf } from "../session/address.ts";
import { connect } from "../session/connect.ts";
import { examinePrograms } from "./examine-programs.ts";
import { bad, good, type Examined } from "./examined.ts";
import { forecastProof } from "./forecast.ts";
import type { ServerAddress } from "../../base/server-address.ts";
import { examinePooler } from "./pooler.ts";
import { preflight } from "./preflight.ts";
import type { ServerOffers } from "../server/server-offers.ts";
import { setExactText } from "../session/settings.ts";
import type { SnapshotOptions, SourceAddress } from "./snapshot.ts";

type ExamineOptions = Pick<SnapshotOptions, "jobs" | "leaveOutExtensions" | "largeObjects" | "binFolders"> & {
  /** What scratch could hold, read by `serverOffers`; null where that is not known. */
  readonly offers: ServerOffers | null;
};

const limitMs = 60_000;

/**
 * Everything that would keep a backup of this tenant from starting or its proof from being possible, for
 * `doctor`. What keeps us from looking is itself an answer (`failed`, with its code), so that this throws
 * only when its wait ends.
 */
export async function examineSource(
  source: SourceAddress,
  options: ExamineOptions,
  wait: Waiting,
): Promise<Examined[]> {
  const address: ServerAddress = { ...addressOf(source.url), database: source.scope.database };
  const examined: Examined[] = [];
  try {
    const limited = within(wait, limitMs);
    await using session = await connect(address, "source", {}, limited);
    examined.push(good("connection", `${address.host}:${String(address.port)} as ${address.user}`));
    await using other = await connect(address, "source", {}, limited);
    examined.push(await examinePooler(session, other));
    if (examined.some(({ outcome }) => outcome === "failed")) return examined;
    await setExactText(session);
    examined.push(...(await preflight(session, { ...options, scope: source.scope })).examined);
    examined.push(await examinePrograms(session.versionNum, options.binFolders, limited));
    if (options.offers !== null) {
      examined.push(...(await forecastProof(session, { ...options, scope: source.scope }, options.offers)));
    }
  } catch (error) {
    stillWaiting(wait);
    if (!isFailure(error)) throw error;
    examined.push(bad("source", error.code, error.message, error.hint));
  }
  return examined;
}
