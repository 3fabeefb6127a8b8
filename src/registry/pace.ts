import type { Limits } from "../limits.ts";

/** Watches that a transfer keeps moving. */
export interface Pace {
  readonly add: (bytes: number) => void;
  readonly stop: () => void;
}

/**
 * Calls `onStall` when a window passes in which almost nothing came: a server that dribbles a byte now and then never
 * trips an idle timeout. There is no limit for the whole: a large blob may take its hour.
 */
export function watchPace({ slowestBytes, slowestWindowMs }: Limits, onStall: () => void): Pace {
  let bytes = 0;
  const timer = setInterval(() => {
    if (bytes < slowestBytes) onStall();
    bytes = 0;
  }, slowestWindowMs);
  timer.unref();
  return { add: (more) => void (bytes += more), stop: () => clearInterval(timer) };
}
