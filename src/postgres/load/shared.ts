import type { LoadDestination } from "./context.ts";

/**
 * Whether others may have databases on the server, whom nothing of this tenant's is to reach. A superuser of the source may
 * have given its database what reaches the server's files, other sessions and other databases. Scratch is one load's alone.
 */
export function isShared({
  side,
  replacesSource,
}: Pick<LoadDestination, "side" | "replacesSource">): boolean {
  return side === "target" && replacesSource !== true;
}
