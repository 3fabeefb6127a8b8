import { restartDelayMs } from "./decisions.ts";
import type { Claim } from "./ports.ts";
import { faultOf, type SupervisorContext } from "./supervisor-context.ts";
import { type Args, exitAtHand } from "./supervisor-guards.ts";

type Update = Partial<SupervisorContext>;

/** A child has just been started: nothing is known against it. */
export const markAlive = (): Update => ({
  alive: true,
  lastExit: null,
  reason: null,
  claimed: false,
  stoppedFirst: false,
  bootstrapped: false,
});

export const rememberExit = (args: Args): Update => ({ lastExit: exitAtHand(args), alive: false });

export const rememberShutdown = ({ event }: Args): Update =>
  event.type === "SHUTDOWN" ? { shutdown: event.signal } : {};

export const rememberFault = (_: Args, params: { error: unknown }): Update => ({ fault: faultOf(params.error) });

export const rememberClaim = ({ context }: Args, params: { claim: Claim }): Update => ({
  claimed: params.claim === "claimed",
  stoppedFirst: context.stoppedFirst || (params.claim === "stop-first" && context.alive),
});

export const blameTimeout = ({ context }: Args): Update => ({
  reason: { kind: "timeout", afterMs: context.options.trialTimeoutMs },
});

export const blameExit = (args: Args): Update => {
  const exit = exitAtHand(args);
  return exit === null ? {} : { reason: { kind: "exited", exit } };
};

export const blameCrash = (args: Args): Update => {
  const exit = exitAtHand(args);
  return exit === null ? {} : { reason: { kind: "crashed-on-probation", exit } };
};

export const blameEmptyDownload = (): Update => ({
  fault: { code: "NOTHING_TO_RUN", message: "the first download left nothing to run", exitCode: 69 },
});

export const startProbation = ({ context: { options, plan } }: Args): Update => ({
  reason: null,
  onProbation: options.probationMs > 0 && (plan.kind === "trial" || (plan.kind === "stable" && plan.onProbation)),
});

export const countRestart = ({ context: { restarts } }: Args): Update => ({
  restarts: restarts + 1,
  pendingDelayMs: restartDelayMs(restarts + 1),
});
