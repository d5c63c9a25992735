/** When the silence of a worker means that it died. */
export interface Silence {
  /** The queue answered us. */
  answered(): void;
  /** The queue did not answer us. */
  unanswered(): void;
  /** Something of ours did not get through, though nobody asked: a heartbeat, or the look for new jobs. */
  troubled(): void;
  /** Whether jobs may be taken from workers that were not heard of for `heartbeatMs`. */
  isDeath(): boolean;
}

/** What one heartbeat and the half of the next one take. */
const soundHeartbeats = 1.5;
const patientHeartbeats = 10;

/**
 * After an outage of the catalog every heartbeat is old, and whoever supervised first would take the jobs from
 * workers that are well. So it is waited until those had the time to be heard again: after the last trouble, and
 * after the start, for a process that begins with its catalog has not seen the outage. Where trouble never
 * ends although the queue answers, who was not heard of all the while is dead all the same.
 */
export function judgeSilence(heartbeatMs: number, monotonicMs: () => number): Silence {
  let troubledAtMs = monotonicMs();
  let answersSinceMs: number | null = null;
  return {
    answered: () => {
      answersSinceMs ??= monotonicMs();
    },
    unanswered: () => {
      troubledAtMs = monotonicMs();
      answersSinceMs = null;
    },
    troubled: () => {
      troubledAtMs = monotonicMs();
    },
    isDeath: () => {
      const nowMs = monotonicMs();
      if (nowMs - troubledAtMs >= soundHeartbeats * heartbeatMs) return true;
      return answersSinceMs !== null && nowMs - answersSinceMs >= patientHeartbeats * heartbeatMs;
    },
  };
}
