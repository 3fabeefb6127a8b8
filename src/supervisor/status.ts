import type { Store } from "../store/index.ts";
import { VERSION } from "../version.ts";
import type { SupervisorSnapshot } from "../../machines/index.ts";
import type { Held } from "./held.ts";
import { digestIn, stateOf, type SupervisorState } from "./narrate.ts";

/** What the loader last said of itself. For people and health checks; the loader never reads it back. */
export interface LoaderStatus {
  readonly schema: 1;
  readonly loaderVersion: string;
  readonly pid: number;
  readonly state: SupervisorState;
  readonly digest: string | null;
  readonly childPid: number | null;
  /** When the child was started, ISO 8601. */
  readonly childSince: string | null;
  /** When a trial runs out, ISO 8601. */
  readonly trialUntil: string | null;
  readonly onProbation: boolean;
  readonly shuttingDown: boolean;
  /** ISO 8601. */
  readonly since: string;
}

/** Publishes the state. A volume that cannot take it right now is no reason to stop the app. */
export function writeStatus(store: Store, snapshot: SupervisorSnapshot, held: Held, trialTimeoutMs: number): void {
  const since = held.child === undefined ? undefined : held.startedAt?.at;
  const status: LoaderStatus = {
    schema: 1,
    loaderVersion: VERSION,
    pid: process.pid,
    state: stateOf(snapshot),
    digest: digestIn(snapshot) ?? null,
    childPid: held.child?.pid ?? null,
    childSince: since?.toISOString() ?? null,
    trialUntil:
      since !== undefined && stateOf(snapshot) === "trial"
        ? new Date(since.getTime() + trialTimeoutMs).toISOString()
        : null,
    onProbation: snapshot.context.onProbation,
    shuttingDown: snapshot.context.shutdown !== null,
    since: new Date().toISOString(),
  };
  try {
    store.records.setStatus(status);
  } catch {
    // The links are the truth; `dockerloader status` says that this file is old.
  }
}
