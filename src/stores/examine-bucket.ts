import type { Waiting } from "../base/waiting.ts";
import type { AnyStore } from "./around.ts";
import type { BucketSettings, LifecycleDeed } from "./bucket.ts";
import type { Probe, Said } from "./probe.ts";

/** What can only be asked of a bucket. `lock`: the configuration wants objects locked there. */
export function bucketProbes(store: AnyStore, lock: boolean, wait: Waiting): readonly Probe[] {
  const ask = store.bucketSettings?.bind(store);
  // Asked once for all probes: it takes a request for each of its parts.
  let told: Promise<BucketSettings> | undefined;
  const probe = (name: string, judge: (settings: BucketSettings) => Said): Probe => ({
    name,
    writes: false,
    run: async () =>
      ask === undefined ? { notRun: "this store is no bucket" } : judge(await (told ??= ask(wait))),
  });
  return [
    probe("versions", ({ versioning }) => judgeVersions(versioning, lock)),
    probe("object-lock", ({ objectLock }) => judgeLock(objectLock, lock)),
    probe("default-retention", judgeRetention),
    probe("lifecycle", judgeLifecycle),
  ];
}

function judgeVersions(versioning: BucketSettings["versioning"], lock: boolean): Said {
  switch (versioning) {
    case "enabled":
      return "every version of an object is kept";
    case "suspended":
    case "off":
      return lock ? { problem: "no versions are kept, and locks need them" } : "no versions are kept";
    case null:
      return { notRun: "the server does not tell whether it keeps versions" };
  }
}

function judgeLock(objectLock: boolean | null, lock: boolean): Said {
  if (objectLock === null) return { notRun: "the server does not tell whether it can lock objects" };
  if (objectLock) return "objects can be locked";
  return lock
    ? { problem: "objects cannot be locked, and the configuration wants it" }
    : "objects cannot be locked";
}

/** Keys of tenants must be removable, or no erasure ever succeeds; the retention of a bucket spares none. */
function judgeRetention({ objectLock, defaultRetention }: BucketSettings): Said {
  if (defaultRetention !== null) {
    const { mode, period } = defaultRetention;
    return {
      problem: `the bucket locks every object, keys included, for ${period} (${mode}): erasure would be impossible`,
    };
  }
  if (objectLock === null)
    return { notRun: "the server does not tell whether the bucket has a default retention" };
  return "the bucket has no default retention";
}

/** Backups share chunks of any age, and only retention knows which; what lies in an archive can be neither proven nor restored. */
function judgeLifecycle({ lifecycle }: BucketSettings): Said {
  if (lifecycle === null)
    return { notRun: "the server does not tell whether rules of the bucket remove objects" };
  const [one] = lifecycle;
  if (one === undefined) return "no rule of the bucket removes or archives objects of holdfast";
  const [does, so] = harm[one.does];
  return { problem: `rule ${JSON.stringify(one.rule)} of the bucket ${does} ${one.when}: ${so}` };
}

const harm = {
  remove: ["removes objects", "new backups need chunks that are as old"],
  archive: ["moves objects into an archive", "they can then be neither proven nor restored"],
} as const satisfies Record<LifecycleDeed["does"], readonly [string, string]>;
