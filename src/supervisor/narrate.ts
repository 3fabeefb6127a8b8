import type { SupervisorSnapshot } from "../../machines/index.ts";
import type { Digest } from "../digest.ts";
import type { LoaderEvent } from "../log/events.ts";

/** The six names of the card; substates are how a state does its work. */
export type SupervisorState = "idle" | "launching" | "trial" | "committed" | "rollingBack" | "exited";

export function stateOf(snapshot: SupervisorSnapshot): SupervisorState {
  const { value } = snapshot;
  return (typeof value === "string" ? value : (Object.keys(value)[0] ?? "idle")) as SupervisorState;
}

export function digestIn(snapshot: SupervisorSnapshot): Digest | undefined {
  const { plan } = snapshot.context;
  return plan.kind === "empty" ? undefined : plan.digest;
}

/** Every active state by its full name, outermost first: `committed`, `committed.probation`, `committed.probation.watched` ... */
export function pathOf(value: SupervisorSnapshot["value"] | undefined, prefix = ""): string[] {
  if (value === undefined) return [];
  if (typeof value === "string") return [prefix + value];
  return Object.entries(value).flatMap(([name, inner]) => [
    prefix + name,
    ...pathOf(inner as SupervisorSnapshot["value"], `${prefix}${name}.`),
  ]);
}

/** What the machine does not know. */
export interface Surroundings {
  /** How long the program on trial ran. */
  readonly runMs?: number | undefined;
  /** True when the volume keeps this version from being tried again. */
  readonly isOff: (digest: Digest) => boolean;
}

/** What happened between two snapshots of the machine, as events. The log is made of this alone, so it cannot disagree. */
export function narrate(
  before: SupervisorSnapshot,
  after: SupervisorSnapshot,
  cause: string,
  { runMs, isOff }: Surroundings,
): LoaderEvent[] {
  const events: LoaderEvent[] = [];
  const [from, state] = [stateOf(before), stateOf(after)];
  const [old, now] = [before.context, after.context];
  const digest = digestIn(after) ?? "sha256:";
  if (now.shutdown !== null && old.shutdown === null) events.push({ type: "loader.signal", signal: now.shutdown });
  if (now.lastExit !== null && old.lastExit === null) events.push({ type: "child.exited", exit: now.lastExit, digest });
  if (state === "rollingBack" && from === "trial" && now.reason?.kind === "timeout") {
    events.push({ type: "trial.timeout", afterMs: now.reason.afterMs, digest });
  }
  const claimed = now.claimed && !old.claimed;
  // Told once it is known what the volume makes of it.
  const crashed = before.matches({ rollingBack: "reverting" }) && !after.matches({ rollingBack: "reverting" });
  if ((claimed || crashed) && now.reason !== null) {
    const afterMs = runMs === undefined ? {} : { afterMs: runMs };
    const unrecorded = isOff(digest) ? {} : { unrecorded: true as const };
    events.push({ type: "trial.failed", reason: now.reason, digest, ...afterMs, ...unrecorded });
  }
  if (state === "committed" && (from === "trial" || from === "rollingBack"))
    events.push({ type: "trial.kept", digest });
  if (old.onProbation && !now.onProbation && state === "committed" && from === "committed") {
    events.push({ type: "probation.passed", digest });
  }
  if (after.matches({ launching: "waiting" }) && !before.matches({ launching: "waiting" })) {
    events.push({ type: "child.restarting", delayMs: now.pendingDelayMs });
  }
  if (state === "committed" && from === "launching" && old.reason !== null)
    events.push({ type: "rollback.finished", digest });
  if (state !== from) events.push({ type: "supervisor.state", from, state, cause });
  const path = pathOf(after.value);
  if (path.join() !== pathOf(before.value).join() || now.onProbation !== old.onProbation) {
    events.push({ type: "supervisor.step", path, cause, onProbation: now.onProbation });
  }
  return events;
}
