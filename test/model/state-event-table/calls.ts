import type { ChildExit, Digest, FailureReason, LaunchPlan } from "../../../machines/index.ts";
import type { Effect } from "../explore.ts";
import { actorId, NEW, OLD, type PromisePort, type SupervisorStep, toEvent } from "../supervisor-steps.ts";

/** A version beside the stable A and the newer B: the one that is staged while B is on trial. */
export const NEWEST: Digest = `sha256:${"c".repeat(64)}`;

const NAMES: ReadonlyMap<string, string> = new Map([
  [OLD, "A"],
  [NEW, "B"],
  [NEWEST, "C"],
]);
const PORTS: readonly PromisePort[] = ["plan", "bootstrap", "claim", "revert", "settle"];
const WATCH = "0.supervisor.trial";

interface Params {
  readonly id?: string;
  readonly sendId?: string;
  readonly targetId?: string;
  readonly delay?: number;
  readonly event?: { readonly type: string; readonly signal?: string };
  readonly input?: {
    readonly plan?: LaunchPlan;
    readonly digest?: Digest;
    readonly reason?: FailureReason;
    readonly childAlive?: boolean;
  };
}

const nameOf = (digest: Digest | undefined): string => NAMES.get(digest ?? "") ?? "?";
const portOf = (id: string | undefined): PromisePort | undefined => PORTS.find((port) => actorId(port) === id);
/** `xstate.after.trialTimeout.supervisor.trial` is about `trialTimeout`. */
const delayOf = (type: string | undefined): string => type?.split(".")[2] ?? "?";

const endOf = (exit: ChildExit): string =>
  exit.kind === "signal" ? exit.signal : exit.kind === "code" ? `exit ${exit.code}` : exit.kind;
const reasonOf = (reason: FailureReason | undefined): string =>
  reason === undefined || !("exit" in reason) ? String(reason?.kind) : `${reason.kind} ${endOf(reason.exit)}`;

function launchOf(plan: LaunchPlan | undefined): string {
  if (plan?.kind === "trial") return `try ${nameOf(plan.digest)}, start ${plan.attempt}`;
  if (plan?.kind === "stable") return `run ${nameOf(plan.digest)}`;
  return "run nothing";
}

function started({ id, input }: Params): string {
  if (id === "child") return launchOf(input?.plan);
  if (id === WATCH) return `watch for ${nameOf(input?.digest)}`;
  const port = portOf(id);
  if (port === "claim")
    return `claim ${nameOf(input?.digest)} (${reasonOf(input?.reason)}, ${input?.childAlive === true ? "alive" : "dead"})`;
  if (port === "revert") return `revert ${nameOf(input?.digest)} (${reasonOf(input?.reason)})`;
  return port === "settle" ? `settle ${nameOf(input?.digest)}` : (port ?? `start ${id}`);
}

/** What one effect does to the world, in words; undefined for the letting go of an actor that has just answered. */
function wordOf({ type, params }: Effect, cause: string): string | undefined {
  const { id, sendId, event, delay, targetId } = (params ?? {}) as Params;
  if (type === "xstate.spawnChild") return started(params as Params);
  if (type === "xstate.sendTo") return targetId === "child" ? `${event?.type} ${event?.signal ?? ""}`.trim() : targetId;
  if (type === "xstate.raise") return `arm ${delayOf(event?.type)} ${delay}`;
  if (type === "xstate.cancel") return sendId === cause ? undefined : `disarm ${delayOf(sendId)}`;
  if (type !== "xstate.stopChild") return type;
  if (id === WATCH) return "unwatch";
  const answered = id === "child" || cause.endsWith(`.actor.${id}`);
  return answered ? undefined : `abort ${portOf(id)}`;
}

/** All that a step makes the machine do, in order: the ports it calls, what it tells the child, the timers. */
export const callsOf = (step: SupervisorStep, effects: readonly Effect[]): string =>
  effects
    .map((effect) => wordOf(effect, toEvent(step).type))
    .filter((word) => word !== undefined)
    .join(", ");
