import { setTimeout as delay } from "node:timers/promises";
import { DockerloaderError } from "../errors.ts";
import type { Limits } from "../limits.ts";

export interface RetryOptions {
  readonly limits: Limits;
  readonly random: () => number;
  readonly signal?: AbortSignal | undefined;
}

/** Full jitter: a random pause up to a cap that doubles with every try, so that many clients do not come back at once. */
export function pauseBefore(attempt: number, { limits, random }: RetryOptions): number {
  return random() * Math.min(limits.retryCapMs, limits.retryBaseMs * 2 ** attempt);
}

/**
 * Repeats what may succeed by itself, at most `limits.requestTries` times in all. A Retry-After up to the limit is
 * waited for; a longer one ends the tries, because then somebody else has to plan the next one.
 */
export async function withRetry<T>(options: RetryOptions, action: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await action();
    } catch (error) {
      await pauseOrThrow(error, attempt, options);
    }
  }
}

/** A name that nobody knows is looked up once more, in case a resolver was just starting; asking on would only take time. */
function triesFor({ details }: DockerloaderError, limits: Limits): number {
  return details["errno"] === "ENOTFOUND" ? Math.min(2, limits.requestTries) : limits.requestTries;
}

/** Waits before the next try; throws the error when there is none. */
export async function pauseOrThrow(error: unknown, attempt: number, options: RetryOptions): Promise<void> {
  const { limits, signal } = options;
  if (!(error instanceof DockerloaderError) || !error.retryable || attempt + 1 >= triesFor(error, limits)) throw error;
  const asked = error.retryAfterMs ?? 0;
  if (asked > limits.retryAfterMs) throw error;
  const ms = Math.max(asked, pauseBefore(attempt, options));
  await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => {
    throw new DockerloaderError("ABORTED", "the request was given up while it waited for its next try");
  });
}
