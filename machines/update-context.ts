import type { Digest, Release, UpdateFault, UpdateResult } from "./ports.ts";

const ASKED_PAUSE_CAP_MS = 86_400_000;

export interface UpdateOptions {
  /** True: one round, then done. False: rest and check again. */
  readonly once: boolean;
  readonly intervalMs: number;
  /** The longest pause between failing checks. */
  readonly backoffMaxMs: number;
  /** Milliseconds before the first check of a loop; the original waits one interval. */
  readonly firstDelayMs: number;
}

export interface UpdateContext {
  readonly options: UpdateOptions;
  readonly release: Release | null;
  readonly result: UpdateResult | null;
  /** Rounds in a row that failed. */
  readonly failures: number;
  readonly rounds: number;
}

export type UpdateEvent =
  /** Check now instead of at the end of the pause. */
  { readonly type: "CHECK" } | { readonly type: "STOP" };

/** How the machine ended: with the result of its only or last round; null when it was stopped before one ended. */
export type UpdateOutcome = UpdateResult | null;

export function initialContext(options: UpdateOptions): UpdateContext {
  return { options, release: null, result: null, failures: 0, rounds: 0 };
}

/** Anything an adapter rejected with, as a value. */
export function updateFaultOf(error: unknown): UpdateFault {
  const { code, message, retryable, retryAfterMs } = (error ?? {}) as Partial<UpdateFault>;
  return {
    code: code ?? "INTERNAL",
    message: message ?? String(error),
    retryable: retryable ?? false,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

/** The longest pause in milliseconds after a round as far as we decide: the interval, doubled with every failure, at most the cap. */
export function boundMs({ options, failures }: UpdateContext): number {
  const cap = Math.max(options.intervalMs, options.backoffMaxMs);
  return Math.min(options.intervalMs * 2 ** Math.min(failures, 20), cap);
}

/** What the registry asked for, in milliseconds, but a day at most: past 2^31 ms a timer would fire at once. */
export function askedMs({ result }: UpdateContext): number {
  const asked = result?.kind === "failed" ? (result.error.retryAfterMs ?? 0) : 0;
  return Math.min(asked, ASKED_PAUSE_CAP_MS);
}

/** The unjittered pause in milliseconds before the next round: our bound, longer when the registry asks for it. */
export function pauseMs(context: UpdateContext): number {
  return context.rounds === 0 ? context.options.firstDelayMs : Math.max(boundMs(context), askedMs(context));
}

export function releaseOf(context: UpdateContext): Release {
  return context.release ?? { digest: "sha256:" satisfies Digest, reference: "" };
}
