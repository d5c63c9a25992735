import type { Chance } from "../../base/chance.ts";

export interface PrivateServerOptions {
  /**
   * The folder that holds the private servers of this host; made when absent. Tmpfs or an encrypted
   * volume for scratch, since unlinking is not wiping. `runAs` must be able to pass through its parents.
   */
  readonly root: string;
  /** The folder of `initdb` and `postgres`. */
  readonly binFolder: string;
  /** The superuser's name; a random one where tenants' code runs, so that no tenant can name it. */
  readonly superuser: { readonly kind: "random" } | { readonly kind: "named"; readonly name: string };
  /** User and group of the server; needed when we are root, which PostgreSQL refuses to run as. */
  readonly runAs?: { readonly uid: number; readonly gid: number } | undefined;
  /** Of the cluster, not of its databases: `UTF8` and `C` unless told. */
  readonly encoding?: string;
  readonly locale?: string;
  /** Settings beside and above those of a throw-away server (`throwAwaySettings`). */
  readonly settings?: Readonly<Record<string, string>>;
  readonly startLimitMs?: number;
  readonly chance: Chance;
}
