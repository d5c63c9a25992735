import type { LoadDestination } from "../context.ts";

/**
 * Whether nothing of this tenant's is to reach others on the server, although a superuser of the source may have given its
 * database what reaches the server's files, other sessions and other databases. Whoever restores has to say so: a database
 * that lacks what it had is no restore to anybody who did not ask for it. Scratch is one load's alone.
 */
export function isShared({ side, shared }: Pick<LoadDestination, "side" | "shared">): boolean {
  return side === "target" && shared === true;
}
