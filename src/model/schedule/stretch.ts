/** Slots of `afterMs < at <= upToMs`, in milliseconds since 1970. */
export interface Stretch {
  readonly afterMs: number;
  readonly upToMs: number;
  /** No more than so many of each rule, the newest; what older ones there are costs nothing. */
  readonly most: number;
}
