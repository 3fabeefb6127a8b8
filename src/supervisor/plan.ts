import { setTimeout as delay } from "node:timers/promises";
import type { Digest, LaunchPlan } from "../../machines/ports.ts";
import { describeError, DockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Logger } from "../log/logger.ts";
import {
  beginTrial,
  faultOf,
  isOnProbation,
  isStorageFault,
  linkFacts,
  type Lock,
  lockOrThrow,
  recover,
  requireRoom,
  type Store,
  sweepStorage,
} from "../store/index.ts";

export interface PlanOptions {
  readonly trialTries: number;
  /** The last stop was not in order: compare every byte of what may run. */
  readonly thorough: boolean;
  /** The version that ran last, as far as this process knows. */
  readonly ranLast?: Digest | undefined;
  /** The volume takes no writes: only look. */
  readonly readOnly: boolean;
  readonly log: Logger;
  /** Aborted: nothing is launched any more, so nothing is put on trial. */
  readonly signal: AbortSignal;
}

/**
 * Reads the disk and says what to launch: what is staged goes on trial, else the stable version runs, else there is
 * nothing. Recovery comes first, so every launch after a crash, a stop or a restart takes the same way. A volume that
 * fails at any step costs the trial, never the app: the stable version runs, nothing is blamed, the next launch tries
 * again. Works under the store lock: no clean-up takes away what is being prepared.
 */
export async function planLaunch(store: Store, options: PlanOptions): Promise<LaunchPlan> {
  if (options.readOnly) return planStable(store, options.thorough);
  let lock: Lock | undefined;
  try {
    lock = await lockStore(store, options.log);
    const trial = await planTrial(store, options);
    if (trial !== undefined) return trial;
  } catch (error) {
    const passing = isStorageFault(error) || (error instanceof DockerloaderError && error.code === "STORE_LOCKED");
    if (!passing) throw error;
    options.log.emit({ type: "store.degraded", message: `${describeError(error)}; no trial now` });
    return await planStable(store, options.thorough);
  } finally {
    lock?.release();
  }
  return planStable(store, false);
}

/** Recovers, and puts what is staged on trial. */
async function planTrial(store: Store, options: PlanOptions): Promise<LaunchPlan | undefined> {
  const { log, signal } = options;
  await sweepStorage(store);
  await recover(store, { ...options, now: () => new Date() });
  log.emit({ type: "store.links", ...linkFacts(store) });
  if (store.links.digest("attempt") === undefined) return undefined;
  log.emit({ type: "trial.found" });
  requireRoom(store, LIMITS.trialRoomBytes);
  const trial = await beginTrial(store, signal);
  log.emit({ type: "store.links", ...linkFacts(store) });
  return trial === undefined ? undefined : { kind: "trial", ...trial };
}

async function planStable(store: Store, thorough: boolean): Promise<LaunchPlan> {
  const digest = store.links.digest("entrypoint");
  if (digest === undefined || (await faultOf(store, digest, thorough)) !== undefined) return { kind: "empty" };
  return { kind: "stable", digest, onProbation: isOnProbation(store) };
}

/** Waits without blocking the process; throws STORE_LOCKED when a clean-up or a download by hand takes too long. */
async function lockStore({ fs, layout }: Store, log: Logger): Promise<Lock> {
  const deadline = performance.now() + LIMITS.storeLockWaitMs;
  for (let first = true; ; first = false) {
    try {
      return lockOrThrow(fs, layout.storeLock, "update or clean-up");
    } catch (error) {
      const busy = error instanceof DockerloaderError && error.code === "STORE_LOCKED";
      if (!busy || performance.now() > deadline) throw error;
      if (first) log.emit({ type: "store.busy", what: "planning the next launch" });
    }
    await delay(LIMITS.storeLockPollMs);
  }
}
