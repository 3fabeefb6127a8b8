import type { LaunchPlan } from "../../machines/ports.ts";
import type { Logger } from "../log/logger.ts";
import { beginTrial, isOnProbation, linkFacts, recover, type Store } from "../store/index.ts";

export interface PlanOptions {
  readonly trialTries: number;
  readonly log: Logger;
  /** Aborted: nothing is launched any more, so nothing is put on trial. */
  readonly signal: AbortSignal;
}

/**
 * Reads the disk and says what to launch: what is staged goes on trial, else the stable version runs, else there is
 * nothing. Recovery comes first, so every launch after a crash, a stop or a restart takes the same way.
 */
export async function planLaunch(store: Store, options: PlanOptions): Promise<LaunchPlan> {
  const { log, signal } = options;
  await recover(store, { ...options, now: () => new Date() });
  log.emit({ type: "store.links", ...linkFacts(store) });
  if (store.links.digest("attempt") !== undefined) {
    log.emit({ type: "trial.found" });
    const trial = await beginTrial(store, signal);
    log.emit({ type: "store.links", ...linkFacts(store) });
    if (trial !== undefined) return { kind: "trial", ...trial };
  }
  const digest = store.links.digest("entrypoint");
  return digest === undefined ? { kind: "empty" } : { kind: "stable", digest, onProbation: isOnProbation(store) };
}
