import { type Pace, usualPace } from "../../src/daemon/pace.ts";

/** Fast enough for a test to wait for. */
export const fastPace: Pace = {
  ...usualPace,
  heartbeatMs: 10_000,
  pollMs: 500,
  superviseMs: 500,
  watchMs: 100,
  planMs: 500,
  firstRetryMs: 1000,
  busyMs: 300,
  strangerMs: 300,
  goneAfterMs: 2000,
  catalogRetryMs: 200,
};
