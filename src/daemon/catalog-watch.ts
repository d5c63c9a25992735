/** Whether the catalog answers, told when it changes, and an embedded one brought back. */
import { isFailure } from "../base/failure.ts";
import type { Waiting } from "../base/waiting.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Tell } from "../telemetry/event.ts";
import type { Log } from "../telemetry/log.ts";

export interface CatalogWatch extends AsyncDisposable {
  /** Something went through. */
  answered(): void;
  /** Something failed; a failure that is none of the catalog's says nothing. */
  failed(error: unknown): void;
  up(): boolean;
  /** To be called now and then: starts an embedded catalog that died. */
  tend(wait: Waiting): Promise<void>;
}

export interface CatalogWatchParts {
  readonly tell: Tell;
  readonly log: Log;
  /** Opens it once more, starting the server; null where the server is not ours to start. */
  readonly revive: ((wait: Waiting) => Promise<Catalog | null>) | null;
}

export function watchCatalog({ tell, log, revive }: CatalogWatchParts): CatalogWatch {
  let up = true;
  let revived: Catalog | null = null;
  return {
    up: () => up,
    answered: () => {
      if (!up) log.info("catalog answers again");
      up = true;
      tell({ kind: "catalog", up: true });
    },
    failed: (error) => {
      if (!isFailure(error, "catalog/unreachable")) return;
      if (up) log.error("catalog does not answer, what runs goes on", { error });
      up = false;
      tell({ kind: "catalog", up: false });
    },
    tend: async (wait) => {
      if (up || revive === null) return;
      // Kept open: with the last one who uses it the server would stop again.
      await revived?.[Symbol.asyncDispose]();
      revived = null;
      revived = await revive(wait);
    },
    [Symbol.asyncDispose]: async () => {
      await revived?.[Symbol.asyncDispose]();
    },
  };
}
