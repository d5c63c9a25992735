/** Whether the catalog answers, told when it changes. */
import { isFailure } from "../base/failure.ts";
import type { Tell } from "../telemetry/event.ts";
import type { Log } from "../telemetry/log.ts";

export interface CatalogWatch {
  /** Something went through. */
  answered(): void;
  /** Something failed; a failure that is none of the catalog's says nothing. */
  failed(error: unknown): void;
  up(): boolean;
}

export interface CatalogWatchParts {
  readonly tell: Tell;
  readonly log: Log;
}

export function watchCatalog({ tell, log }: CatalogWatchParts): CatalogWatch {
  let up = true;
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
  };
}
