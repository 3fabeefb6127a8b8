import { isAbnormal, isRestart } from "./decisions.ts";
import type { ChildExit, Claim } from "./ports.ts";
import { digestOf, type SupervisorContext, type SupervisorEvent } from "./supervisor-context.ts";

/** What every guard and update of the machine is called with. */
export interface Args {
  readonly context: SupervisorContext;
  readonly event: SupervisorEvent;
}

/** The exit at hand: of the event that reports it, or the one remembered since. */
export function exitAtHand(args: Args): ChildExit | null {
  return args.event.type === "CHILD.EXITED" ? args.event.exit : args.context.lastExit;
}

/** The questions the supervisor machine asks before it moves. */
export const guards = {
  alive: ({ context }: Args) => context.alive,
  gone: ({ context }: Args) => !context.alive,
  calm: ({ context }: Args) => context.shutdown === null,
  shuttingDown: ({ context }: Args) => context.shutdown !== null,
  askedTwice: ({ context }: Args) => context.shutdown !== null && context.alive,
  onProbation: ({ context }: Args) => context.onProbation,
  faulty: ({ context }: Args) => context.fault !== null,
  claimed: ({ context }: Args) => context.claimed,
  trialPlanned: ({ context }: Args) => context.plan.kind === "trial",
  stablePlanned: ({ context }: Args) => context.plan.kind === "stable",
  delayed: ({ context }: Args) => context.pendingDelayMs > 0,
  bootstrapped: ({ context }: Args) => context.bootstrapped,
  endsOnFailure: ({ context }: Args) =>
    context.options.onTrialFailure === "exit" && context.reason?.kind !== "crashed-on-probation",
  committedOnTrial: ({ context, event }: Args) =>
    event.type === "LINK.COMMITTED" && digestOf(context.plan) === event.digest,
  claimLost: (_: Args, params: { claim: Claim }) => params.claim === "committed",
  restartAsked: (args: Args) => args.context.shutdown === null && isRestart(exitAtHand(args)),
  crashedEarly: (args: Args) =>
    args.context.shutdown === null && args.context.onProbation && isAbnormal(exitAtHand(args)),
  /** It had committed in the instant in which we killed it: it deserves to run. */
  killedAsCommitted: ({ context }: Args) => context.shutdown === null && context.stoppedFirst,
};
