/**
 * The newest word about a copy holds, and each host dates its own by a clock that may be minutes off: what is said last
 * must be dated last, or the proof of a host that is ahead outweighs what one that is behind has found since.
 */
import { compactUtc, timeOfName } from "../base/clock.ts";
import type { Waiting } from "../base/waiting.ts";
import { type BackupId, objectKey, type TenantId } from "../model/ids.ts";
import { findingsPrefix, proofsPrefix } from "../model/layout.ts";
import type { ObjectReader } from "../stores/store.ts";
import { isFromFuture } from "./clocks.ts";
import { askEach } from "./library.ts";

/**
 * `now`, or the first second that is later than every proof of the backup and all findings about the tenant which the stores
 * show. Told by their names, whosever they are; what is dated farther ahead than clocks may be apart is believed by nobody
 * and passed over. Stores that cannot be asked are left out.
 */
export async function newerThanSaid(
  { tenant, backup }: { readonly tenant: TenantId; readonly backup: BackupId },
  stores: readonly ObjectReader[],
  now: Date,
  wait: Waiting,
): Promise<Date> {
  const prefixes = [`${proofsPrefix(tenant)}${backup}/`, findingsPrefix(tenant)];
  const { answers } = await askEach(
    stores,
    async (store) => {
      let latest = now.getTime();
      for (const prefix of prefixes) {
        // Names begin with the second, so that a listing from now on shows what is ahead of us.
        const from = objectKey.parse(`${prefix}${compactUtc(now)}`);
        for await (const { key } of store.list(prefix, wait, from)) {
          const at = timeOfName(key.slice(prefix.length));
          // A name that is no time is none of ours.
          if (at !== null && !isFromFuture(at.toISOString(), now))
            latest = Math.max(latest, at.getTime() + 1000);
        }
      }
      return latest;
    },
    wait,
  );
  return new Date(Math.max(now.getTime(), ...answers.values()));
}
