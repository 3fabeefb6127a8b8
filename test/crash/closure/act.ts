/** What a move is, and how one is made: on the disk, by the machine, and by the power that goes. */
import { DockerloaderError } from "../../../src/errors.ts";
import type { SupervisorStep } from "../../model/supervisor-steps.ts";
import type { World } from "../model/world.ts";
import type { DiskId } from "./disks.ts";
import { type Moment, type Parts, stopped } from "./moment.ts";

/** One thing that happened. `cut`: the power went inside it. */
export interface Move {
  readonly name: string;
  readonly cut: boolean;
  readonly from: Moment;
  readonly to: Moment;
  /**
   * Milliseconds after which the loader itself has brought it about, whatever the adversary does; what the volume takes
   * to answer is not counted. Null: it is the doing of others.
   */
  readonly within: number | null;
}

export type Action<T> = (world: World) => T | Promise<T>;

/** `step` names the action, where it is that of other moves as well. */
interface Deed<T> {
  readonly name: string;
  readonly step?: string;
  readonly within: number | null;
  readonly action: Action<T>;
}

/** Runs an action on the disk of this moment; `then` says what becomes of the rest. Every cut inside ends all processes. */
export async function act<T>(
  { disks }: Parts,
  from: Moment,
  { name, step = name, within, action }: Deed<T>,
  then: (answer: T, disk: DiskId) => readonly Moment[],
): Promise<Move[]> {
  const { answer, after, cuts } = await disks.step(from.disk, step, action);
  return [
    ...then(answer, after).map((to) => ({ name, cut: false, from, to, within })),
    ...cuts.map((disk) => ({ name, cut: true, from, to: stopped(disk), within: null })),
  ];
}

/** The machine takes a step. */
export function told({ loaders, original }: Parts, from: Moment, step: SupervisorStep): readonly Moment[] {
  if (from.loader === null) return [];
  const { loader, started, order } = loaders.tell(from.loader, step);
  if (started !== undefined) {
    const { kind, digest } = started;
    const app = { digest, onTrial: kind === "trial", original: digest === original.digest, told: "nothing" as const };
    return [{ ...from, loader, app }];
  }
  const app = order === undefined || from.app === null ? from.app : { ...from.app, told: order };
  return [{ ...from, loader, app }];
}

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
