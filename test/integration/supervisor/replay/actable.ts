import type { SupervisorEdge } from "../../../model/supervisor-model.ts";
import { claimsLiving } from "../../../model/supervisor-model.ts";

/** False for what no world does. */
export function isActable(edge: SupervisorEdge): boolean {
  const { before, event } = edge;
  if (before.matches("idle") && event.type === "SHUTDOWN") return false; // supervise() itself starts the machine
  if (event.type === "CHILD.EXITED" && event.exit.kind === "spawn-failed") return isJustLaunched(edge);
  return !(isClaimAnswer(edge) && before.context.lastExit?.kind === "spawn-failed" && claimsLiving(before));
}

/**
 * A program that cannot be started is reported in the tick after its launch. What needs no time can happen before: a
 * signal, a timer, a claim that finds no greeting. A commit, a claim that goes through or a port's work cannot.
 */
function isJustLaunched({ before: { value, context }, before }: SupervisorEdge): boolean {
  if (before.matches("trial") || before.matches({ rollingBack: "claiming" })) return true;
  if (before.matches({ rollingBack: "burying" })) return !context.claimed && context.fault === null;
  const settled = JSON.stringify(value).includes('"over"') && context.options.probationMs > 0;
  return context.plan.kind === "stable" && !(settled && context.plan.onProbation);
}

/** A claim that began while the program seemed to start can only find that nobody has greeted. */
const isClaimAnswer = ({ event }: SupervisorEdge): boolean => {
  const { type, output } = event as { readonly type: string; readonly output?: unknown };
  return type.includes(".rollingBack.claiming") && output !== "stop-first";
};
