import type { ChildExit, Claim, LaunchPlan } from "../../../../machines/index.ts";
import { matchesState, type StateValue } from "xstate";
import type { Facts } from "./compare.ts";
import type { Expected } from "./paths.ts";

const planIn = ({ step }: Expected): LaunchPlan | undefined =>
  step.step === "done" && step.port === "plan" && typeof step.output === "object" ? step.output : undefined;

/** How the child ends at this step. */
export const exitIn = ({ step }: Expected): ChildExit | undefined =>
  step.step === "event" && step.event.type === "CHILD.EXITED" ? step.event.exit : undefined;

const isClaim = ({ step }: Expected): boolean =>
  (step.step === "done" || step.step === "failed") && step.port === "claim";

/** How the child started by this plan will end on the path; undefined when it outlives it. */
export function endOfLaunch(steps: readonly Expected[], index: number): ChildExit | undefined {
  return steps
    .slice(index + 1)
    .map(exitIn)
    .find((exit) => exit !== undefined);
}

/** What the first claim of the launch at this step answers. */
export function firstClaim(steps: readonly Expected[], index: number): Claim | "fails" | undefined {
  for (const expected of steps.slice(index + 1)) {
    if (planIn(expected) !== undefined) return undefined;
    const { step } = expected;
    if (isClaim(expected)) return step.step === "done" ? (step.output as Claim) : "fails";
  }
  return undefined;
}

/** The next plan after this step. */
export const nextPlan = (steps: readonly Expected[], index: number): LaunchPlan | undefined =>
  steps
    .slice(index + 1)
    .map(planIn)
    .find((plan) => plan !== undefined);

/** True for an exit that answers a KILL: the claim before it did not take the trial away while the child lived. */
export function isKill(steps: readonly Expected[], index: number): boolean {
  const before = steps[index - 1]?.after;
  return isIn(before, { rollingBack: "burying" }) && before?.context.claimed === false;
}

/** True where a snapshot is in this state or below it. */
export const isIn = (snapshot: Facts | undefined, state: StateValue): boolean =>
  snapshot !== undefined && matchesState(state, snapshot.value);
