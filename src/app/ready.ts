import { setTimeout as delay } from "node:timers/promises";
import type { Digest } from "../digest.ts";
import { describeError, DockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Logger } from "../log/logger.ts";
import { acknowledgeCommit, collectGarbage, isStorageFault, linkFacts, type Store, tryLock } from "../store/index.ts";
import { restartAfter, type RestartHook } from "./restart.ts";
import { type AppOptions, openSession, type Session } from "./session.ts";
import { reasonOff, runCheck } from "./update.ts";

export interface ReadyOptions extends AppOptions {
  /** False: no update check. Default: one check in the background. */
  readonly check?: boolean;
  /** Awaited before the process exits 42, when that check has staged a newer version. */
  readonly onRestart?: RestartHook;
}

export type Ready =
  | { readonly kind: "committed" | "already-stable"; readonly digest: Digest }
  | { readonly kind: "not-supervised" };

/**
 * The app works: commits a trial by one rename, removes what the old version left, and starts one update check in the
 * background. Resolves after the commit is durable; never rejects or waits because of the registry.
 * Rejects with TRIAL_REVOKED when the loader has already ended this trial: the app should exit.
 */
export async function markReady(options: ReadyOptions = {}): Promise<Ready> {
  const session = openSession(options);
  const { supervised } = session;
  if (supervised === undefined) return { kind: "not-supervised" };
  const committed = await commitInTime(session);
  await cleanUp(session);
  if (options.check !== false && reasonOff(session) === undefined) {
    void runCheck(session).then((result) =>
      result.kind === "staged" ? restartAfter(options.onRestart, session.log) : undefined,
    );
  }
  return { kind: committed ? "committed" : "already-stable", digest: supervised.digest };
}

/** A volume that fails for a moment is asked again: the version is not to blame, and the trial's deadline bounds it all. */
async function commitInTime(session: Session): Promise<boolean> {
  const deadline = performance.now() + LIMITS.commitRetryMs;
  for (;;) {
    try {
      return commit(session);
    } catch (error) {
      if (!isStorageFault(error) || performance.now() > deadline) throw error;
      session.log.emit({ type: "store.degraded", message: `${describeError(error)}; committing again` });
    }
    await delay(LIMITS.commitPauseMs);
  }
}

/** The commit is made; what follows it can wait for the loader, which does it at its next look. */
function acknowledge(store: Store, log: Logger): void {
  try {
    acknowledgeCommit(store);
  } catch (error) {
    log.emit({ type: "store.degraded", message: `${describeError(error)}; the commit stands` });
  }
}

/** The commit. False: this version is stable already. */
function commit({ trial, supervised, log }: Session): boolean {
  if (supervised === undefined || !trial) return false;
  const { store, digest } = supervised;
  const { links } = store;
  const onTrial = links.digest("attempting") === digest;
  if (onTrial) log.emit({ type: "app.marking" });
  if (!(onTrial && links.commit())) {
    if (links.digest("entrypoint") === digest) return false;
    throw new DockerloaderError("TRIAL_REVOKED", `the trial of ${digest} has been ended by the loader`, {
      hint: "become ready sooner, or give the loader a longer DOCKERLOADER_TRIAL_TIMEOUT_MS",
    });
  }
  acknowledge(store, log);
  log.emit({ type: "app.committed", digest });
  log.emit({ type: "store.links", ...linkFacts(store) });
  return true;
}

/** A failed clean-up costs disk space, never the app. */
async function cleanUp({ supervised, log }: Session): Promise<void> {
  if (supervised === undefined) return;
  const { store, digest } = supervised;
  try {
    const result = tryLock(store.fs, store.layout.storeLock);
    if (result.kind !== "held") return log.emit({ type: "store.busy", what: "cleaning up later" });
    try {
      log.emit({ type: "gc.finished", removed: await collectGarbage(store, digest) });
    } finally {
      result.lock.release();
    }
  } catch (error) {
    log.emit({ type: "gc.failed", message: describeError(error) });
  }
}
