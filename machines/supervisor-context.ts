import type {
  ChildEvent,
  ChildExit,
  Digest,
  FailureReason,
  LaunchPlan,
  LinkEvent,
  LoaderFault,
  SignalName,
} from "./ports.ts";

export interface SupervisorOptions {
  readonly trialTimeoutMs: number;
  /** 0: no probation. */
  readonly probationMs: number;
  readonly onTrialFailure: "rollback" | "exit";
}

/** All the supervisor machine remembers. Everything else is on disk. */
export interface SupervisorContext {
  readonly options: SupervisorOptions;
  readonly plan: LaunchPlan;
  /** A child process exists. */
  readonly alive: boolean;
  readonly lastExit: ChildExit | null;
  /** Why the version is being taken back. */
  readonly reason: FailureReason | null;
  /** The trial's rename was won: this version is off for good. */
  readonly claimed: boolean;
  /** We killed the child before the claim, because it would mistake a missing link for a commit. */
  readonly stoppedFirst: boolean;
  readonly onProbation: boolean;
  readonly shutdown: SignalName | null;
  readonly fault: LoaderFault | null;
  /** Restarts in a row for which nothing was staged. */
  readonly restarts: number;
  readonly pendingDelayMs: number;
  /** A first download has just finished. */
  readonly bootstrapped: boolean;
}

export type SupervisorEvent =
  | { readonly type: "START" }
  /** SIGTERM or SIGINT reached the loader. The second one means "now". */
  | { readonly type: "SHUTDOWN"; readonly signal: SignalName }
  /** Any other signal, to be passed on. */
  | { readonly type: "SIGNAL"; readonly signal: SignalName }
  | ChildEvent
  | LinkEvent;

export function initialContext(options: SupervisorOptions): SupervisorContext {
  return {
    options,
    plan: { kind: "empty" },
    alive: false,
    lastExit: null,
    reason: null,
    claimed: false,
    stoppedFirst: false,
    onProbation: false,
    shutdown: null,
    fault: null,
    restarts: 0,
    pendingDelayMs: 0,
    bootstrapped: false,
  };
}

/** The digest that runs; an empty plan never reaches a state that asks. */
export function digestOf(plan: LaunchPlan): Digest {
  return plan.kind === "empty" ? "sha256:" : plan.digest;
}

/** Why the version is taken back; every way into a claim or a revert has named its reason. */
export function reasonOf({ reason, options }: SupervisorContext): FailureReason {
  return reason ?? { kind: "timeout", afterMs: options.trialTimeoutMs };
}

/** Anything an adapter rejected with, as a fault that carries its exit code. */
export function faultOf(error: unknown): LoaderFault {
  const { code, message, exitCode } = (error ?? {}) as Partial<LoaderFault>;
  return { code: code ?? "INTERNAL", message: message ?? String(error), exitCode: exitCode ?? 70 };
}
