/** How far the clocks of source, host and store may be apart (trap 36): five minutes. */
export const clockToleranceMs = 5 * 60_000;
