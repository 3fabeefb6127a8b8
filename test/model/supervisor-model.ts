import { getNextTransitions, initialTransition } from "xstate";
import type { Actor, EventFromLogic, SnapshotFrom } from "xstate";
import { type ClaimPort, type SupervisorOptions, supervisorMachine } from "../../machines/index.ts";
import { type Edge, explore, type Exploration, type Move, moveOf } from "./explore.ts";
import { instrument } from "./instrument.ts";
import { ALPHABET, actorId, nameOf, type SupervisorStep, toEvent } from "./supervisor-steps.ts";

export type Machine = typeof supervisorMachine;
export type Snapshot = SnapshotFrom<Machine>;
export type SupervisorExploration = Exploration<Snapshot, EventFromLogic<Machine>>;
export type SupervisorEdge = Edge<Snapshot, EventFromLogic<Machine>>;

export const model = instrument(supervisorMachine);

/** Every combination of the options that decide something. */
export const OPTIONS: readonly SupervisorOptions[] = [
  { trialTimeoutMs: 10_000, probationMs: 60_000, onTrialFailure: "rollback" },
  { trialTimeoutMs: 10_000, probationMs: 60_000, onTrialFailure: "exit" },
  { trialTimeoutMs: 10_000, probationMs: 0, onTrialFailure: "rollback" },
  { trialTimeoutMs: 10_000, probationMs: 0, onTrialFailure: "exit" },
];
export const [ROLLBACK, EXIT, ROLLBACK_WITHOUT_PROBATION] = OPTIONS as readonly [
  SupervisorOptions,
  SupervisorOptions,
  SupervisorOptions,
  SupervisorOptions,
];

/** True while a claim is being decided that began with a living child: only that one can answer `stop-first`. */
export function claimsLiving({ children }: Snapshot): boolean {
  const claim = (children as Readonly<Record<string, Actor<ClaimPort> | undefined>>)[actorId("claim")];
  return claim?.options.input?.childAlive ?? false;
}

/**
 * What can happen here: only a living child exits, only an invoked actor answers, only an armed timer fires, no app
 * that was dead when its claim began has to be stopped first (it may have died since), and a commit is seen in its trial or, late, in the rollback that follows.
 * Signals and START can always come.
 */
export function possibleSteps(snapshot: Snapshot): SupervisorStep[] {
  const { context, children } = snapshot;
  const armed = new Set(getNextTransitions(snapshot).map(({ eventType }) => eventType as string));
  return ALPHABET.filter((step) => {
    if (step.step === "elapsed") return armed.has(toEvent(step).type);
    if (step.step !== "event") {
      const running = actorId(step.port) in children;
      return running && (step.step === "failed" || step.output !== "stop-first" || claimsLiving(snapshot));
    }
    if (step.event.type === "CHILD.EXITED") return context.alive;
    if (step.event.type !== "LINK.COMMITTED") return true;
    return context.plan.kind === "trial" && (snapshot.matches("trial") || snapshot.matches("rollingBack"));
  });
}

/** All that a later decision can depend on; the third restart in a row decides nothing the second did not. */
export function keyOf(snapshot: Snapshot): string {
  const { options: _, plan, lastExit, reason, fault, restarts, pendingDelayMs, ...flags } = snapshot.context;
  return JSON.stringify([
    snapshot.value,
    flags,
    plan,
    lastExit,
    reason?.kind,
    fault?.code,
    Math.min(restarts, 2),
    pendingDelayMs > 0,
    claimsLiving(snapshot),
  ]);
}

export const exploreSupervisor = (input: SupervisorOptions): SupervisorExploration =>
  explore({
    machine: model.machine,
    input,
    events: (snapshot: Snapshot) => possibleSteps(snapshot).map(toEvent),
    key: keyOf,
  });

/** One step of a run: where it happened, what happened and what came of it. */
export interface Moment extends Move<Snapshot> {
  readonly before: Snapshot;
  readonly step: SupervisorStep;
}

export const startOf = (options: SupervisorOptions): Snapshot => initialTransition(model.machine, options)[0];

export const advance = (before: Snapshot, step: SupervisorStep): Moment => ({
  before,
  step,
  ...moveOf(model.machine, before, toEvent(step)),
});

const sameSource = (one: SupervisorStep, other: SupervisorStep): boolean => toEvent(one).type === toEvent(other).type;

/** Runs these steps in order and returns every moment; an answer nobody waits for is a mistake of the test. */
export function run(options: SupervisorOptions, ...steps: readonly SupervisorStep[]): Moment[] {
  let snapshot = startOf(options);
  return steps.map((step) => {
    const possible = step.step === "event" || possibleSteps(snapshot).some((other) => sameSource(other, step));
    if (!possible) throw new Error(`"${nameOf(step)}" cannot happen in ${JSON.stringify(snapshot.value)}`);
    const moment = advance(snapshot, step);
    snapshot = moment.after;
    return moment;
  });
}

/** The snapshot these steps lead to. */
export const after = (options: SupervisorOptions, ...steps: readonly SupervisorStep[]): Snapshot =>
  run(options, ...steps).at(-1)?.after ?? startOf(options);
