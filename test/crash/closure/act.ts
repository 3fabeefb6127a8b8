/** What a move is, and how one is made: on the disk, by the machine, and by the power that goes. */
import type { LaunchPlan } from "../../../machines/ports.ts";
import { DockerloaderError } from "../../../src/errors.ts";
import { inputOf, sentTo } from "../../model/effects.ts";
import { advance, possibleSteps, type Snapshot } from "../../model/supervisor-model.ts";
import { elapsed, type SupervisorStep, toEvent } from "../../model/supervisor-steps.ts";
import { B } from "../model/versions.ts";
import type { World } from "../model/world.ts";
import type { DiskId, Disks } from "./disks.ts";
import type { Moment } from "./moment.ts";

/** One thing that happened. `cut`: the power went inside it. */
export interface Move {
  readonly name: string;
  readonly cut: boolean;
  readonly from: Moment;
  readonly to: Moment;
  /** Made by the loader alone: whatever the adversary does, these go on. */
  readonly byLoader: boolean;
}

export type Action<T> = (world: World) => T | Promise<T>;

/** Runs an action on the disk of this moment; `then` says what becomes of the rest. Every cut inside ends all processes. */
export async function act<T>(
  disks: Disks,
  from: Moment,
  { name, byLoader, action }: { name: string; byLoader: boolean; action: Action<T> },
  then: (answer: T, disk: DiskId) => readonly Moment[],
): Promise<Move[]> {
  const { answer, after, cuts } = await disks.step(from.disk, name, action);
  const moves = then(answer, after).map((to) => ({ name, cut: false, from, to: counted(disks, to), byLoader }));
  if (from.crashesLeft === 0) return moves;
  return [
    ...moves,
    ...cuts().map((disk) => ({ name, cut: true, from, to: counted(disks, crashed(from, disk)), byLoader: false })),
  ];
}

/** The power is gone, and every process with it. */
export const crashed = (from: Moment, disk: DiskId): Moment => ({
  loader: null,
  app: null,
  disk,
  unclean: false,
  planned: false,
  crashesLeft: from.crashesLeft - 1,
  starts: from.starts,
});

/** Starts are counted of a version that is staged or on trial. */
function counted(disks: Disks, moment: Moment): Moment {
  const { attempt, attempting } = disks.facts(moment.disk);
  const { starts } = moment;
  const open = starts === null || starts.digest === attempt || starts.digest === attempting;
  return open ? moment : { ...moment, starts: null };
}

/** The machine takes a step; B is linked with the original library, the others with ours. */
export function told(from: Moment, step: SupervisorStep): readonly Moment[] {
  if (from.loader === null) return [];
  const { after, effects } = advance(from.loader, step);
  const started = inputOf(effects, "child") as { plan: LaunchPlan } | undefined;
  const next = { ...from, loader: settleDown(after) };
  if (started !== undefined && started.plan.kind !== "empty") {
    const { kind, digest } = started.plan;
    const starts =
      kind === "trial" ? { digest, count: (from.starts?.digest === digest ? from.starts.count : 0) + 1 } : null;
    const app = { digest, onTrial: kind === "trial", original: digest === B.digest, told: "nothing" as const };
    return [{ ...next, starts, app }];
  }
  const orders = sentTo(effects, "child").map((order) => (order as { type: "STOP" | "KILL" }).type);
  const order = orders.at(-1);
  return [order === undefined || from.app === null ? next : { ...next, app: { ...from.app, told: order } }];
}

/** Apps run longer than ten seconds here: how restarts are slowed down is the business of the machine's own model. */
function settleDown(loader: Snapshot): Snapshot {
  const step = elapsed("settledUptime");
  return canCome(loader, step) ? advance(loader, step).after : loader;
}

const canCome = (loader: Snapshot, step: SupervisorStep): boolean =>
  possibleSteps(loader).some((other) => toEvent(other).type === toEvent(step).type);

const aborted = new DockerloaderError("ABORTED", "the loader is stopped");

/** What a port rejects with is its answer too. */
export async function settled<T>(
  action: Action<T>,
  world: World,
): Promise<{ ok: true; value: T } | { ok: false; error: DockerloaderError }> {
  try {
    return { ok: true, value: await action(world) };
  } catch (error) {
    if (error instanceof DockerloaderError) return { ok: false, error };
    if (error instanceof Error && error.name === "AbortError") return { ok: false, error: aborted };
    throw error;
  }
}
