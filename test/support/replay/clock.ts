import type { Clock } from "../../../src/xstate.ts";

/** Time that stands still until a test lets one timer fire: only the order counts, as with delays of other lengths. */
export interface ManualClock extends Clock {
  /** Fires the one timer armed for so many milliseconds. */
  readonly fire: (ms: number) => void;
  /** The timers armed, in milliseconds. */
  readonly armed: () => number[];
}

export function createManualClock(): ManualClock {
  const timers = new Map<number, { readonly ms: number; readonly action: () => void }>();
  let last = 0;
  return {
    setTimeout: (action: () => void, ms: number): number => {
      last += 1;
      timers.set(last, { ms, action });
      return last;
    },
    clearTimeout: (id: number): void => void timers.delete(id),
    fire: (ms) => {
      const [found, ...more] = [...timers].filter(([, timer]) => timer.ms === ms);
      if (found === undefined || more.length > 0) {
        throw new Error(
          `${1 + more.length} timers for ${ms} ms, armed: ${[...timers.values()].map(({ ms }) => ms).join(", ")}`,
        );
      }
      timers.delete(found[0]);
      found[1].action();
    },
    armed: () => [...timers.values()].map(({ ms }) => ms),
  };
}
