import type { Store } from "../store/index.ts";
import { VERSION } from "../version.ts";
import type { SupervisorSnapshot } from "../../machines/index.ts";
import { digestIn, stateOf, type SupervisorState } from "./narrate.ts";

/** What the loader last said of itself. For people and health checks; the loader never reads it back. */
export interface LoaderStatus {
  readonly schema: 1;
  readonly loaderVersion: string;
  readonly pid: number;
  readonly state: SupervisorState;
  readonly digest: string | null;
  readonly childPid: number | null;
  readonly onProbation: boolean;
  readonly shuttingDown: boolean;
  /** ISO 8601. */
  readonly since: string;
}

/** Publishes the state. A volume that cannot take it right now is no reason to stop the app. */
export function writeStatus(store: Store, snapshot: SupervisorSnapshot, childPid: number | undefined): void {
  const status: LoaderStatus = {
    schema: 1,
    loaderVersion: VERSION,
    pid: process.pid,
    state: stateOf(snapshot),
    digest: digestIn(snapshot) ?? null,
    childPid: childPid ?? null,
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
