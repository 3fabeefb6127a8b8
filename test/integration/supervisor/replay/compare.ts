import assert from "node:assert/strict";
import type { ChildExit, FailureReason, LaunchPlan, SupervisorSnapshot } from "../../../../machines/index.ts";

const exitOf = (exit: ChildExit | null) =>
  exit?.kind === "spawn-failed" ? { kind: exit.kind, code: exit.code } : exit;

const reasonOf = (reason: FailureReason | null) =>
  reason !== null && "exit" in reason ? { ...reason, exit: exitOf(reason.exit) } : reason;

/** How often a version was started is the disk's business. */
const planOf = (plan: LaunchPlan) => (plan.kind === "trial" ? { kind: plan.kind, digest: plan.digest } : plan);

/** A snapshot without its actors. */
export type Facts = Pick<SupervisorSnapshot, "value" | "status" | "output" | "context">;

export const factsOf = ({ value, status, output, context }: Facts): Facts => ({ value, status, output, context });

/** All of a snapshot that model and reality have to agree on: everything but the words of messages and codes of faults. */
function comparable({ value, status, output, context }: Facts) {
  const { plan, lastExit, reason, fault } = context;
  return {
    value,
    status,
    exitCode: output?.exitCode,
    ...context,
    plan: planOf(plan),
    lastExit: exitOf(lastExit),
    reason: reasonOf(reason),
    fault: fault === null ? null : fault.exitCode,
  };
}

/** Fails where the real machine is not where the model says it is. */
export function assertSame(real: SupervisorSnapshot, model: Facts): void {
  assert.deepEqual(comparable(real), comparable(model));
}
