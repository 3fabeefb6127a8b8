import type { Config } from "../config/table.ts";
import type { Digest } from "../digest.ts";
import { describeFailure } from "../log/messages.ts";
import {
  type FailureRecord,
  isLoaderRunning,
  type LastCheck,
  linkFacts,
  openStore,
  type Store,
  type StorageUse,
  storageUse,
  writeFault,
} from "../store/index.ts";
import type { LoaderStatus } from "../supervisor/status.ts";

export type Health = "healthy" | "degraded" | "not running";

/** A version on disk, as its receipt describes it. */
export interface VersionFacts {
  readonly digest: Digest;
  readonly reference: string | null;
  /** `org.opencontainers.image.version`. */
  readonly label: string | null;
}

export interface FailedVersion {
  readonly digest: Digest;
  readonly at: string;
  readonly kind: string;
  readonly why: string;
}

/** Everything `dockerloader status` knows; `--json` prints it as it is. Nothing in it depends on when it is read. */
export interface Report {
  readonly schema: 1;
  readonly health: Health;
  readonly target: string | null;
  /** Why the volume takes no writes: then the version on it runs and nothing is updated. Null: it takes them. */
  readonly fault: string | null;
  readonly loader: LoaderStatus | null;
  /** The committed version. */
  readonly stable: Digest | null;
  readonly reference: string | null;
  readonly label: string | null;
  readonly trial: Digest | null;
  readonly staged: Digest | null;
  /** The version that a crash on probation returns to. */
  readonly previous: Digest | null;
  /** Previous good versions that are kept. */
  readonly retained: readonly VersionFacts[];
  readonly lastCheck: LastCheck | null;
  readonly failed: readonly FailedVersion[];
  /** Every version that was or is to be tried and was not kept: where it stands, why, since when. */
  readonly attempts: readonly Attempt[];
  /** Null when the volume cannot be asked. */
  readonly storage: StorageUse | null;
}

/** One attempt: `staged` and `on trial` are still open, `failed` and `parked` (interrupted too often) are decided. */
export interface Attempt {
  readonly digest: string;
  readonly state: "staged" | "on trial" | "failed" | "parked";
  /** Starts used by an attempt that is still open. */
  readonly starts: number | null;
  readonly reason: FailureRecord["reason"] | null;
  readonly why: string | null;
  readonly at: string | null;
}

function attemptsOf({ links, records }: Store): Attempt[] {
  const trial = records.trial();
  const open = (["attempting", "attempt"] as const).flatMap((slot): Attempt[] => {
    const digest = links.digest(slot);
    if (digest === undefined) return [];
    const state = slot === "attempt" ? "staged" : "on trial";
    const starts = trial?.digest === digest ? trial.starts : 0;
    return [{ digest, state, starts, reason: null, why: null, at: null }];
  });
  const decided = records.failures().map(({ digest, reason, at }): Attempt => {
    const state = reason.kind === "interrupted" ? "parked" : "failed";
    return { digest, state, starts: null, reason, why: describeFailure(reason), at };
  });
  return [...open, ...decided];
}

/** What links and records say: the part that the event stream tells too. */
export function readVersions(store: Store): Pick<Report, "stable" | "trial" | "staged" | "previous" | "failed"> {
  return {
    ...linkFacts(store),
    failed: store.records
      .failures()
      .map(({ digest, at, reason }) => ({ digest, at, kind: reason.kind, why: describeFailure(reason) })),
  };
}

/** Reads the data directory and changes nothing. */
export function readReport({ dataDir, target }: Config): Report {
  const store = openStore(dataDir, { create: false });
  const running = isLoaderRunning(store);
  const loader = (store.records.status() as LoaderStatus | undefined) ?? null;
  const versions = readVersions(store);
  const { stable } = versions;
  const runnable = stable !== null && store.trees.fault(stable) === undefined;
  const { reference = null, label = null } = stable === null ? {} : describeVersion(store, stable);
  const fault = writeFault(dataDir) ?? null;
  return {
    schema: 1,
    health: fault === null ? healthOf(running, loader, runnable) : "degraded",
    target: target ?? null,
    fault,
    // What a loader said of itself before the volume became read-only is not of this loader.
    loader: running && fault === null ? loader : null,
    reference,
    label,
    ...versions,
    retained: store.trees.retained().map((digest) => describeVersion(store, digest)),
    lastCheck: store.records.lastCheck() ?? null,
    attempts: attemptsOf(store),
    storage: measure(store),
  };
}

/** A version on disk, as its receipt describes it. */
export function describeVersion({ trees }: Store, digest: Digest): VersionFacts {
  const receipt = trees.receipt(digest);
  const label = receipt?.labels["org.opencontainers.image.version"] ?? null;
  return { digest, reference: receipt?.reference ?? null, label };
}

function measure(store: Store): StorageUse | null {
  try {
    return storageUse(store);
  } catch {
    return null;
  }
}

/** Healthy: a loader holds its lock and an app runs or is on trial. A first download in progress is degraded. */
function healthOf(running: boolean, loader: LoaderStatus | null, runnable: boolean): Health {
  if (!running) return "not running";
  const up = loader?.state === "committed" || loader?.state === "trial";
  return up && runnable ? "healthy" : "degraded";
}
