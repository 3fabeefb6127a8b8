import type { Config } from "../config/table.ts";
import { describeReason } from "../log/messages.ts";
import { type FailureRecord, isLoaderRunning, type LastCheck, openStore } from "../store/index.ts";
import type { LoaderStatus } from "../supervisor/status.ts";

export type Health = "healthy" | "degraded" | "not running";

/** Everything `dockerloader status` knows; `--json` prints it as it is. */
export interface Report {
  readonly schema: 1;
  readonly health: Health;
  readonly target: string | null;
  readonly loader: LoaderStatus | null;
  /** The committed version. */
  readonly stable: string | null;
  /** `org.opencontainers.image.version` of the committed version. */
  readonly label: string | null;
  readonly trial: string | null;
  readonly staged: string | null;
  readonly previous: string | null;
  readonly lastCheck: LastCheck | null;
  readonly failed: readonly { readonly digest: string; readonly at: string; readonly why: string }[];
}

/** Reads the data directory and changes nothing. */
export function readReport({ dataDir, target }: Config): Report {
  const store = openStore(dataDir, { create: false });
  const { links, records, trees } = store;
  const running = isLoaderRunning(store);
  const loader = (records.status() as LoaderStatus | undefined) ?? null;
  const stable = links.digest("entrypoint");
  const runnable = stable !== undefined && trees.fault(stable) === undefined;
  const succession = records.succession();
  return {
    schema: 1,
    health: healthOf(running, loader, runnable),
    target: target ?? null,
    loader: running ? loader : null,
    stable: stable ?? null,
    label: (stable && trees.receipt(stable)?.labels["org.opencontainers.image.version"]) ?? null,
    trial: links.digest("attempting") ?? null,
    staged: links.digest("attempt") ?? null,
    previous: succession !== undefined && succession.digest === stable ? succession.previous : null,
    lastCheck: records.lastCheck() ?? null,
    failed: records.failures().map(({ digest, at, reason }) => ({ digest, at, why: describeFailure(reason) })),
  };
}

/** Healthy: a loader holds its lock and an app runs or is on trial. A first download in progress is degraded. */
function healthOf(running: boolean, loader: LoaderStatus | null, runnable: boolean): Health {
  if (!running) return "not running";
  const up = loader?.state === "committed" || loader?.state === "trial";
  return up && runnable ? "healthy" : "degraded";
}

export function describeFailure(reason: FailureRecord["reason"]): string {
  switch (reason.kind) {
    case "interrupted":
      return `its trials were interrupted ${reason.tries} times`;
    case "unusable":
      return reason.message;
    case "imported":
      return "it failed under the original loader";
    case "unrecorded":
      return "its trial was ended by the loader, which was then stopped";
    default:
      return describeReason(reason);
  }
}
