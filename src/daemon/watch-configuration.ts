/** Takes over a configuration that was changed, while the daemon runs. */
import { reasonOf } from "../base/failure.ts";
import { pause, type Waiting } from "../base/waiting.ts";
import { discoverTenants } from "./discover-tenants.ts";
import type { Shop } from "./shop.ts";
import { stampOf } from "./watch-files.ts";
import type { Workers } from "./workers.ts";

export interface ReloadParts {
  readonly workers: Workers;
  /** Called with what makes the daemon look at its configuration at once; gives back how to be left alone. */
  readonly onReload: (reload: () => void) => Disposable;
}

/** Reloads when the files have changed and stand still, or at once when told to. Resolves when the wait ends. */
export async function watchConfiguration(shop: Shop, parts: ReloadParts, wait: Waiting): Promise<void> {
  const { household, log, pace } = shop;
  let asked = Promise.withResolvers<"told">();
  using _ = parts.onReload(() => asked.resolve("told"));
  // Nothing was looked at yet: what changed since the configuration was read at the start is seen as well.
  let tried = "";
  let seen = "";
  while (!wait.signal.aborted) {
    const looked = await Promise.race([
      asked.promise,
      pause(pace.watchMs, wait).then(
        () => "time" as const,
        () => "over" as const,
      ),
    ]);
    if (looked === "over") return;
    const now = await stampOf(household.current().config);
    const settled = now !== tried && now === seen;
    seen = now;
    if (looked === "time" && !settled) continue;
    asked = Promise.withResolvers();
    tried = now;
    await reload(shop, parts.workers, { evenIfSame: looked === "told" }, wait).catch((error: unknown) => {
      log.error("configuration could not be taken over", { error });
    });
  }
}

/** The log tells so many; who changed more knows best himself. */
const toldMax = 20;

async function reload(
  shop: Shop,
  workers: Workers,
  how: { readonly evenIfSame: boolean },
  wait: Waiting,
): Promise<void> {
  const { household, log, tell } = shop;
  let changes: readonly string[] | null;
  try {
    changes = await household.reload(how);
  } catch (error) {
    const detail = reasonOf(error);
    tell({ kind: "configuration", result: "refused", detail });
    log.error("configuration refused, the one before stays in force", { reason: detail });
    return;
  }
  const told = shortened(changes ?? []);
  tell({ kind: "configuration", result: "loaded", detail: told.join(", ") });
  if (changes === null) return;
  tell({ kind: "stores", inUse: [...household.current().config.stores.keys()] });
  log.info("configuration loaded", { changes: told });
  const late = changes.filter((path) => /^(catalog|state|daemon\.listen|metrics)\b/.test(path));
  if (late.length > 0) log.warn("some changes take effect after a restart", { changes: late });
  await workers.arrange();
  await discoverTenants(shop, wait);
}

function shortened(paths: readonly string[]): readonly string[] {
  if (paths.length <= toldMax) return paths;
  return [...paths.slice(0, toldMax), `and ${String(paths.length - toldMax)} more`];
}
