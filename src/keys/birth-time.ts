import type { Clock } from "../base/clock.ts";
import { Failure, isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import { clockToleranceMs } from "../model/clock-tolerance.ts";
import { spell } from "../model/duration.ts";
import type { KeyStore } from "./key-store.ts";

/**
 * This host's time, the very reading that a key statement is to be dated with, once one of the stores agrees with it; they
 * are asked in turn. A signer who is retired is believed for what is dated before: with a statement that a clock dated far
 * ahead every backup under these keys would then be closed to everybody. Throws "store/clock" where those that can tell the
 * time disagree, else what the first of them failed with.
 */
export async function birthTime(stores: readonly KeyStore[], clock: Clock, wait: Waiting): Promise<Date> {
  const failures: Failure[] = [];
  for (const store of stores) {
    const at = clock.now();
    try {
      const apartMs = Math.abs((await store.clock(wait)).getTime() - at.getTime());
      if (apartMs <= clockToleranceMs) return at;
      failures.unshift(clockApart(store, apartMs));
    } catch (error) {
      if (!isFailure(error) || wait.signal.aborted) throw error;
      failures.push(error);
    }
  }
  throw failures[0] ?? new Failure("store/quorum", "no store tells the time that keys are dated with");
}

function clockApart({ name }: KeyStore, apartMs: number): Failure {
  const apart = `the clock of ${name} and this host's are ${spell(apartMs)} apart`;
  return new Failure("store/clock", `no keys are made while ${apart}`);
}
