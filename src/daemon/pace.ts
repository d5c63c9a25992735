/** How fast the daemon looks around; constants of the program, arguments for tests. */
export interface Pace {
  /** A job whose worker has not been heard of for so long goes to another one. */
  readonly heartbeatMs: number;
  /** How often each queue is looked at for new jobs. */
  readonly pollMs: number;
  readonly superviseMs: number;
  /** How often the files of the configuration are looked at. */
  readonly watchMs: number;
  /** How often proofs, scrubs, prunes and missing copies that are due are put into the queue. */
  readonly planMs: number;
  /** The delay before the first retry of a job. */
  readonly firstRetryMs: number;
  /** When a job whose tenant or source is taken comes again. */
  readonly busyMs: number;
  /** When a job comes again whose tenant this host does not know, though another one may. */
  readonly strangerMs: number;
  /** For how long a tenant is looked after that no host has any more. */
  readonly goneAfterMs: number;
  /** How long work that can go on later holds up the backups of its tenant at most. */
  readonly turnMs: number;
  /** How long a look at all that the stores hold of a tenant may take. */
  readonly indexLimitMs: number;
  /** How long the catalog is left alone after it could not be reached. */
  readonly catalogRetryMs: number;
}

export const usualPace: Pace = {
  heartbeatMs: 30_000,
  pollMs: 2000,
  superviseMs: 5000,
  watchMs: 5000,
  planMs: 15_000,
  firstRetryMs: 5000,
  busyMs: 20_000,
  strangerMs: 60_000,
  goneAfterMs: 86_400_000,
  turnMs: 1_800_000,
  indexLimitMs: 600_000,
  catalogRetryMs: 5000,
};
