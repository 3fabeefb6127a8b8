import { describeError } from "../errors.ts";
import type { Logger } from "../log/logger.ts";
import {
  dataDirHolds,
  isStorageFault,
  lastHolder,
  type Lock,
  lockForLoader,
  openStore,
  type Store,
  writeFault,
} from "../store/index.ts";
import { createHeld, type Held } from "./held.ts";
import { killStragglers } from "./stragglers.ts";

/** Long enough for a `dockerloader status` that is just looking whether the lock is held. */
const LOCK_WAIT_SECS = 1;

export interface Volume {
  readonly store: Store;
  readonly held: Held;
  readonly release: () => void;
}

/**
 * Opens the data directory for one loader: takes its lock, ends what a killed loader left running, and learns whether
 * the last stop was in order. Throws STORE_LOCKED, or STORE_UNSUPPORTED where nothing can be locked, and then has
 * changed nothing. A volume that takes no writes is opened all the same: what is on it can run.
 */
export function openVolume(dataDir: string, log: Logger): Volume {
  const onWarning = (message: string): void => log.emit({ type: "loader.warning", message });
  const { store, fault } = openOrLook(dataDir, onWarning);
  const lock = fault === undefined || dataDirHolds(store.layout.loaderLock) ? lockLoader(store) : undefined;
  const left = lastHolder(store.fs, store.layout.loaderLock)?.runId;
  if (left !== undefined && left !== "") killStragglers(left);
  if (fault === undefined) {
    return {
      store,
      held: createHeld(lock, !takeCleanStop(store, onWarning), undefined),
      release: () => lock?.release(),
    };
  }
  log.emit({ type: "store.degraded", message: `${fault}; the stable version runs, updates are off` });
  return { store, held: createHeld(undefined, !store.records.cleanStop(), fault), release: () => lock?.release() };
}

const lockLoader = ({ fs, layout }: Store): Lock => lockForLoader(fs, layout.loaderLock, LOCK_WAIT_SECS);

/** The store, and why nothing can be written to it. */
function openOrLook(dataDir: string, onWarning: (message: string) => void): { store: Store; fault?: string } {
  const fault = writeFault(dataDir);
  if (fault !== undefined) return { store: openStore(dataDir, { create: false, onWarning }), fault };
  try {
    return { store: openStore(dataDir, { onWarning }) };
  } catch (error) {
    if (!isStorageFault(error)) throw error;
    return { store: openStore(dataDir, { create: false, onWarning }), fault: describeError(error) };
  }
}

/** True when the last loader ended in order. The note is gone, durably, before anything is changed. */
function takeCleanStop({ records }: Store, onWarning: (message: string) => void): boolean {
  let clean = false;
  try {
    clean = records.cleanStop();
    records.dropCleanStop();
  } catch (error) {
    onWarning(describeError(error));
  }
  return clean;
}
