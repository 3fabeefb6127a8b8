import { type EventFromLogic, getNextTransitions, initialTransition, type SnapshotFrom } from "xstate";
import { type UpdateOptions, updateMachine } from "../../machines/index.ts";
import type { Digest, Release, UpdateFault, Verdict } from "../../machines/index.ts";
import { type Exploration, explore, type Move, moveOf } from "./explore.ts";
import { instrument } from "./instrument.ts";

export type Snapshot = SnapshotFrom<typeof updateMachine>;
type MachineEvent = EventFromLogic<typeof updateMachine>;

export const PORTS = ["check", "download", "extract", "stageAttempt"] as const;
export type Port = (typeof PORTS)[number];

/** One thing that happens to the update machine, as plain data. */
export type UpdateStep =
  | { readonly step: "event"; readonly event: { readonly type: "CHECK" | "STOP" } }
  | { readonly step: "done"; readonly port: Port; readonly output?: Verdict }
  | { readonly step: "failed"; readonly port: Port; readonly error: UpdateFault }
  | { readonly step: "elapsed" };

export const model = instrument(updateMachine);

export const ONCE: UpdateOptions = { once: true, intervalMs: 300_000, backoffMaxMs: 3_600_000, firstDelayMs: 5_000 };
export const LOOP: UpdateOptions = { ...ONCE, once: false };

const CURRENT: Digest = `sha256:${"a".repeat(64)}`;
export const FAULT: UpdateFault = { code: "REGISTRY_DOWN", message: "no answer", retryable: true };
export const releaseNamed = (letter: string): Release => ({
  digest: `sha256:${letter.repeat(64)}`,
  reference: `registry.test/app:${letter}`,
});

export const CHECK: UpdateStep = { step: "event", event: { type: "CHECK" } };
export const STOP: UpdateStep = { step: "event", event: { type: "STOP" } };
export const ELAPSED: UpdateStep = { step: "elapsed" };
export const done = (port: Port): UpdateStep => ({ step: "done", port });
export const failed = (port: Port, error = FAULT): UpdateStep => ({ step: "failed", port, error });
export const found = (release: Release): UpdateStep => ({
  step: "done",
  port: "check",
  output: { kind: "available", release },
});
export const current: UpdateStep = { step: "done", port: "check", output: { kind: "current", digest: CURRENT } };
export const refused: UpdateStep = {
  step: "done",
  port: "check",
  output: { kind: "refused", digest: CURRENT, why: "it has failed before" },
};

const ALPHABET: readonly UpdateStep[] = [
  CHECK,
  STOP,
  ELAPSED,
  current,
  refused,
  found(releaseNamed("c")),
  found(releaseNamed("d")),
  ...(["download", "extract", "stageAttempt"] as const).map(done),
  ...PORTS.map((port) => failed(port)),
];

/** The event xstate makes of this step. */
export function toEvent(step: UpdateStep): MachineEvent {
  if (step.step === "event") return step.event;
  if (step.step === "elapsed") return { type: "xstate.after.pause.update.idle" } as never;
  const actorId = `0.update.${step.port}`;
  if (step.step === "done") return { type: `xstate.done.actor.${actorId}`, actorId, output: step.output } as never;
  return { type: `xstate.error.actor.${actorId}`, actorId, error: step.error } as never;
}

/** What can happen here: only an invoked port answers, only an armed timer fires; STOP and CHECK can always come. */
export function possibleSteps(snapshot: Snapshot): UpdateStep[] {
  const armed = new Set(getNextTransitions(snapshot).map(({ eventType }) => eventType as string));
  return ALPHABET.filter((step) => step.step === "event" || armed.has(toEvent(step).type));
}

/** All that a later decision can depend on. */
export function keyOf({ value, context }: Snapshot): string {
  const { release, result, failures, rounds } = context;
  return JSON.stringify([value, release?.digest, result?.kind, Math.min(failures, 2), Math.min(rounds, 1)]);
}

export const exploreUpdate = (input: UpdateOptions): Exploration<Snapshot, MachineEvent> =>
  explore({
    machine: model.machine,
    input,
    events: (snapshot: Snapshot) => possibleSteps(snapshot).map(toEvent),
    key: keyOf,
  });

export const startOf = (options: UpdateOptions): Snapshot => initialTransition(model.machine, options)[0];

export const advance = (before: Snapshot, step: UpdateStep): Move<Snapshot> =>
  moveOf(model.machine, before, toEvent(step));

/** The snapshot these steps lead to. */
export const after = (options: UpdateOptions, ...steps: readonly UpdateStep[]): Snapshot =>
  steps.reduce((snapshot, step) => advance(snapshot, step).after, startOf(options));
