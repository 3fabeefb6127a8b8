/** The words of the table: versions, plans, and how each state of the study is reached. */
import type { LaunchPlan, LoaderFault } from "../../../machines/index.ts";
import { claims, commits, EXITS, exits, NEW, planned, PLANS, SHUTDOWN, START } from "../supervisor-steps.ts";
import type { SupervisorStep } from "../supervisor-steps.ts";
import { NEWEST } from "./calls.ts";
import type { Beat, DiskName } from "./cell.ts";

export const exit = (code: number): SupervisorStep => exits({ kind: "code", code });
export const KILLED = exits(EXITS.killed);
export const SIGINT: SupervisorStep = { step: "event", event: { type: "SHUTDOWN", signal: "SIGINT" } };

/** What the disk lets the loader start next. */
export const stableA = planned(PLANS.stable);
export const trialB = planned(PLANS.trial);
export const freshB = planned(PLANS.fresh);
export const nothing = planned(PLANS.empty);
export const trialOf = (plan: Partial<Extract<LaunchPlan, { kind: "trial" }>>): SupervisorStep =>
  planned({ ...PLANS.trial, ...plan });
export const trialC = trialOf({ digest: NEWEST });

/** A port that gives up, with what the loader then exits with. */
export const gaveUp = (port: "plan" | "bootstrap", code: string, exitCode: number): SupervisorStep => {
  const error: LoaderFault = { code, message: code, exitCode };
  return { step: "failed", port, error };
};

export const STARTED: Beat = [START, "plan"];
export const RUNS_A: Beat = [stableA, "run A, arm settledUptime 10000"];
export const RUNS_B: Beat = [freshB, "run B, arm settledUptime 10000, arm probation 60000"];
export const TRIES_B: Beat = [trialB, "try B, start 1, arm trialTimeout 10000, watch for B"];
export const TRIES_C: Beat = [trialC, "try C, start 1, arm trialTimeout 10000, watch for C"];

/** Recovery is at work on such a disk; the study has no word for a stop then, the machine gives it up. */
export const STOPPED_EARLY: readonly Beat[] = [[SHUTDOWN, "abort plan"]];

/** How the machine comes to run on each of these disks; those that recovery leaves at once: how far it is by then. */
export const WAYS: Readonly<Record<DiskName, readonly SupervisorStep[]>> = {
  S0: [START, nothing],
  S1: [START, stableA],
  S2: [START, stableA],
  S2m: [START],
  S3: [START, trialB],
  S4: [START, trialB, commits(NEW)],
  S5: [START, freshB],
  S6: [START, trialB, exit(1), claims("claimed"), stableA],
  S7: [START],
  S8: [START],
  S9: [START],
  S10: [START, stableA],
  S11: [START, stableA],
};
