/** The supervisor machine's part of a state: each of its states once, and what each of its steps comes to, worked out once. */
import { initialContext } from "../../../machines/supervisor-context.ts";
import type { LaunchPlan } from "../../../machines/ports.ts";
import { inputOf, sentTo } from "../../model/effects.ts";
import { advance, keyOf, possibleSteps, type Snapshot } from "../../model/supervisor-model.ts";
import { elapsed, type SupervisorStep, toEvent } from "../../model/supervisor-steps.ts";

export type Timer = Extract<SupervisorStep, { step: "elapsed" }>;

/** What a step of the machine comes to. */
export interface Told {
  readonly loader: Snapshot;
  /** What it starts; undefined: nothing. */
  readonly started: Exclude<LaunchPlan, { kind: "empty" }> | undefined;
  /** What it orders of the process that runs. */
  readonly order: "STOP" | "KILL" | undefined;
}

export interface Loaders {
  /** The one snapshot that stands for all that no later decision tells apart. */
  readonly same: (snapshot: Snapshot) => Snapshot;
  readonly idOf: (loader: Snapshot) => number;
  readonly tell: (loader: Snapshot, step: SupervisorStep) => Told;
  readonly armed: (loader: Snapshot) => readonly Timer[];
}

/**
 * Without what is overwritten before it is read again. While a child lives, how the one before it ended: its own end takes
 * that place. While a launch is planned, all that was known of the launch before, the exit code of the loader included.
 */
export function withoutThePast(snapshot: Snapshot): Snapshot {
  const { alive, options, shutdown, fault, restarts, pendingDelayMs, bootstrapped } = snapshot.context;
  if (snapshot.matches({ launching: "planning" })) {
    const kept = { shutdown, fault, restarts, pendingDelayMs, bootstrapped };
    return { ...snapshot, context: { ...initialContext(options), ...kept } };
  }
  return alive ? { ...snapshot, context: { ...snapshot.context, lastExit: null } } : snapshot;
}

export function createLoaders(forget: (snapshot: Snapshot) => Snapshot): Loaders {
  const known = new Map<string, Snapshot>();
  const ids = new Map<Snapshot, number>();
  const steps = new Map<Snapshot, Map<string, Told>>();
  const timers = new Map<Snapshot, readonly Timer[]>();

  const same = (snapshot: Snapshot): Snapshot => {
    const kept = forget(snapshot);
    const key = keyOf(kept);
    const found = known.get(key) ?? kept;
    known.set(key, found);
    if (!ids.has(found)) ids.set(found, ids.size);
    return found;
  };
  const idOf = (loader: Snapshot): number => {
    const id = ids.get(loader);
    if (id === undefined) throw new Error(`not a state of this exploration: ${JSON.stringify(loader.value)}`);
    return id;
  };
  const workOut = (loader: Snapshot, step: SupervisorStep): Told => {
    const { after, effects } = advance(loader, step);
    const plan = (inputOf(effects, "child") as { plan: LaunchPlan } | undefined)?.plan;
    const orders = sentTo(effects, "child").map((order) => (order as { type: "STOP" | "KILL" }).type);
    return {
      loader: same(settleDown(after)),
      started: plan === undefined || plan.kind === "empty" ? undefined : plan,
      order: orders.at(-1),
    };
  };
  return {
    same,
    idOf,
    tell: (loader, step) => {
      const known = steps.get(loader) ?? new Map<string, Told>();
      steps.set(loader, known);
      const name = JSON.stringify(step);
      const found = known.get(name) ?? workOut(loader, step);
      known.set(name, found);
      return found;
    },
    armed: (loader) => {
      const found = timers.get(loader) ?? possibleSteps(loader).filter((step) => step.step === "elapsed");
      timers.set(loader, found);
      return found;
    },
  };
}

/** Apps run longer than ten seconds here: how restarts are slowed down is the business of the machine's own model. */
function settleDown(loader: Snapshot): Snapshot {
  const step = elapsed("settledUptime");
  const canCome = possibleSteps(loader).some((other) => toEvent(other).type === toEvent(step).type);
  return canCome ? advance(loader, step).after : loader;
}
