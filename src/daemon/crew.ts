/** The workers of one queue on this host: more or fewer of them as the hour and the configuration say. */
import type { Taking } from "../catalog/queue.ts";

export interface Crew {
  /**
   * So many workers from now on, as far as those that were sent away have left their places: a job that runs is
   * not cut short, and counts. To be called again, as hiring may fail and places become free.
   */
  resize(places: number): Promise<void>;
  /** Sends all away; resolves once the last job has ended. */
  dismiss(): Promise<void>;
}

export interface Worker extends Taking {
  isBusy(): boolean;
}

/** `hire` begins to take jobs, one at a time. */
export function gatherCrew(hire: () => Promise<Worker>): Crew {
  const hired: Worker[] = [];
  const leaving = new Set<Promise<void>>();
  const send = (worker: Worker): void => {
    const left = worker.stop();
    leaving.add(left);
    const forget = (): void => void leaving.delete(left);
    left.then(forget, forget);
  };
  /** Idle ones go first, so that no place is held by two. */
  const takeOne = (): Worker | undefined => {
    const idle = hired.findIndex((worker) => !worker.isBusy());
    return hired.splice(idle, 1)[0];
  };
  return {
    resize: async (places) => {
      while (hired.length > places) {
        const worker = takeOne();
        if (worker !== undefined) send(worker);
      }
      while (hired.length + leaving.size < places) hired.push(await hire());
    },
    dismiss: async () => {
      for (const worker of hired.splice(0)) send(worker);
      await Promise.all(leaving);
    },
  };
}
