import type { EventFromLogic } from "xstate";
import type {
  ChildExit,
  Claim,
  Digest,
  LaunchPlan,
  LoaderFault,
  SupervisorEvent,
  supervisorMachine,
} from "../../machines/index.ts";

export type PromisePort = "plan" | "bootstrap" | "claim" | "revert" | "settle";
export type Delay = "trialTimeout" | "probation" | "restart" | "settledUptime";

/** One thing that happens to the supervisor machine, as plain data: to be sent to the model or acted out in the world. */
export type SupervisorStep =
  /** A signal to the loader, the end of the child, a commit seen on disk. */
  | { readonly step: "event"; readonly event: SupervisorEvent }
  | { readonly step: "done"; readonly port: PromisePort; readonly output?: LaunchPlan | Claim }
  | { readonly step: "failed"; readonly port: PromisePort; readonly error: LoaderFault }
  | { readonly step: "elapsed"; readonly delay: Delay };

type MachineEvent = EventFromLogic<typeof supervisorMachine>;

/** The version that runs, and the newer one. */
export const OLD: Digest = `sha256:${"a".repeat(64)}`;
export const NEW: Digest = `sha256:${"b".repeat(64)}`;

export const EXITS = {
  zero: { kind: "code", code: 0 },
  one: { kind: "code", code: 1 },
  restart: { kind: "code", code: 42 },
  killed: { kind: "signal", signal: "SIGKILL", number: 9 },
  unstartable: { kind: "spawn-failed", code: 127, message: "no such file" },
} as const satisfies Record<string, ChildExit>;

export const FAULT: LoaderFault = { code: "DISK_FULL", message: "no space left on the volume", exitCode: 74 };

export const START: SupervisorStep = { step: "event", event: { type: "START" } };
export const SHUTDOWN: SupervisorStep = { step: "event", event: { type: "SHUTDOWN", signal: "SIGTERM" } };
export const SIGNAL: SupervisorStep = { step: "event", event: { type: "SIGNAL", signal: "SIGHUP" } };
export const exits = (exit: ChildExit): SupervisorStep => ({ step: "event", event: { type: "CHILD.EXITED", exit } });
export const commits = (digest: Digest): SupervisorStep => ({
  step: "event",
  event: { type: "LINK.COMMITTED", digest },
});
export const planned = (output: LaunchPlan): SupervisorStep => ({ step: "done", port: "plan", output });
export const claims = (output: Claim): SupervisorStep => ({ step: "done", port: "claim", output });
export const done = (port: PromisePort): SupervisorStep => ({ step: "done", port });
export const failed = (port: PromisePort): SupervisorStep => ({ step: "failed", port, error: FAULT });
export const elapsed = (delay: Delay): SupervisorStep => ({ step: "elapsed", delay });

export const PLANS = {
  trial: { kind: "trial", digest: NEW, attempt: 1 },
  stable: { kind: "stable", digest: OLD, onProbation: false },
  fresh: { kind: "stable", digest: NEW, onProbation: true },
  empty: { kind: "empty" },
} as const satisfies Record<string, LaunchPlan>;

/** Everything that can happen, once each. */
export const ALPHABET: readonly SupervisorStep[] = [
  START,
  SHUTDOWN,
  SIGNAL,
  ...Object.values(EXITS).map(exits),
  commits(NEW),
  commits(OLD),
  ...Object.values(PLANS).map(planned),
  claims("claimed"),
  claims("committed"),
  claims("stop-first"),
  ...(["bootstrap", "revert", "settle"] as const).map(done),
  ...(["plan", "bootstrap", "claim", "revert", "settle"] as const).map(failed),
  ...(["trialTimeout", "probation", "restart", "settledUptime"] as const).map(elapsed),
];

/** Where each port is invoked and each delay runs. Every one has one home, so its name is enough to name the event. */
const HOMES: Readonly<Record<PromisePort | Delay, string>> = {
  plan: "launching.planning",
  bootstrap: "launching.bootstrapping",
  claim: "rollingBack.claiming",
  revert: "rollingBack.reverting",
  settle: "committed.probation.settling",
  trialTimeout: "trial",
  probation: "committed.probation.watched",
  restart: "launching.waiting",
  settledUptime: "committed.uptime.young",
};

/** The id under which a port's actor runs, as xstate names it. */
export const actorId = (port: PromisePort): string => `0.supervisor.${HOMES[port]}`;

/** The event xstate makes of this step. */
export function toEvent(step: SupervisorStep): MachineEvent {
  if (step.step === "event") return step.event;
  if (step.step === "elapsed") return { type: `xstate.after.${step.delay}.supervisor.${HOMES[step.delay]}` } as never;
  const id = actorId(step.port);
  const result = step.step === "done" ? { output: step.output } : { error: step.error };
  const kind = step.step === "done" ? "done" : "error";
  return { type: `xstate.${kind}.actor.${id}`, actorId: id, ...result } as never;
}

/** A step in a few characters, e.g. `claim=stop-first`, `exit 42`. */
export function nameOf(step: SupervisorStep): string {
  if (step.step === "elapsed") return `after ${step.delay}`;
  if (step.step === "failed") return `${step.port} fails`;
  if (step.step === "done") {
    const { output } = step;
    const shown =
      typeof output === "object" ? `${output.kind}${"onProbation" in output && output.onProbation ? "*" : ""}` : output;
    return shown === undefined ? `${step.port} ends` : `${step.port}=${shown}`;
  }
  const { event } = step;
  if (event.type === "LINK.COMMITTED") return event.digest === NEW ? "commit" : "foreign commit";
  if (event.type !== "CHILD.EXITED") return event.type;
  return `exit ${event.exit.kind === "signal" ? event.exit.signal : event.exit.kind === "code" ? event.exit.code : event.exit.kind}`;
}
