import { askedMs, boundMs, pauseMs, type UpdateContext } from "../../machines/update-context.ts";
import type { RateLimit } from "../registry/source.ts";

/** Chance, 0 to 1. */
export type Chance = () => number;

const JITTER = 0.1;
/** The part of an interval that even a lucky pause after a failure has. */
const LEAST = 0.1;

/**
 * Before the first look of a loop: half an interval to one and a half. However many instances start at one moment, their
 * looks are spread evenly over an interval from the first one on; each waits one interval on average, as the original does.
 */
export function firstPause(intervalMs: number, random: Chance): number {
  return Math.round(intervalMs * (0.5 + random()));
}

/**
 * After a round, in milliseconds. One that worked: the interval, 10 % more or less, so that what was spread stays spread;
 * twice as long while the registry says that nothing is left of its limit. One that failed: anything up to a bound that
 * doubles with every failure (full jitter), so that a registry that comes back is not met by all at once. Never sooner
 * than the registry asked for, and then spread over one interval: it told everybody the same moment.
 */
export function nextPause(context: UpdateContext, rateLimit: RateLimit | undefined, random: Chance): number {
  const { result, options } = context;
  const { intervalMs } = options;
  if (result?.kind !== "failed") {
    const factor = rateLimit?.remaining === 0 ? 2 : 1;
    return Math.round(pauseMs(context) * factor * (1 - JITTER + 2 * JITTER * random()));
  }
  const bound = boundMs(context);
  const asked = askedMs(context);
  if (asked > bound) return Math.round(asked + intervalMs * random());
  const least = Math.max(asked, Math.min(bound, intervalMs * LEAST));
  return Math.round(least + (bound - least) * random());
}
