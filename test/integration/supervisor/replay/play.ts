import assert from "node:assert/strict";
import { nameOf } from "../../../model/supervisor-steps.ts";
import { act } from "./act.ts";
import { children, processesWith, stateOfProcess } from "./app.ts";
import { assertSame } from "./compare.ts";
import { checkChild, checkDisk, checkEnd } from "./disk.ts";
import type { Download } from "./download.ts";
import { type Expected, inWorld, type Path } from "./paths.ts";
import { createStage, type Stage } from "./stage.ts";
import { inTime } from "../../../support/replay/until.ts";

/** What a replay adds to the statistics. */
export interface Played {
  readonly steps: number;
  /** Plans that the disk held by itself, by what loader and apps had done, and plans it was set up for. */
  readonly natural: number;
  readonly arranged: number;
}

/**
 * Acts out one path on the real loader in the given folder and compares every step. Rejects, naming the step, where
 * model and reality part. No process and no timer of it is left when the promise settles.
 */
export async function play(path: Path, folder: string, download: Download): Promise<Played> {
  const steps = inWorld(path.steps, download);
  const stage = createStage(folder, path.options, download);
  const plans = { natural: 0, arranged: 0 };
  let position = 0;
  try {
    for (; position < steps.length; position += 1) {
      const natural = await playStep(stage, steps, position);
      if (natural !== undefined) plans[natural ? "natural" : "arranged"] += 1;
    }
    await checkOutcome(stage, steps);
    return { steps: steps.length, ...plans };
  } catch (error) {
    const told = steps.map(({ step }, index) => (index === position ? `>>> ${nameOf(step)} <<<` : nameOf(step)));
    const tail = stage.events.slice(-8).map((event) => JSON.stringify(event));
    const message = error instanceof Error ? error.message : String(error);
    throw new Error([told.join(", "), ...tail, message].join("\n"), { cause: error });
  } finally {
    await stage.end();
  }
}

/** One step, acted out and compared. Answers whether a launch it planned was what the disk said by itself. */
async function playStep(stage: Stage, steps: readonly Expected[], index: number): Promise<boolean | undefined> {
  const expected = steps[index];
  if (expected === undefined) return undefined;
  const { seen, world, download } = stage;
  const before = seen.length;
  // A machine says where it is when it starts, and then after each event.
  const after = before + (index === 0 ? 2 : 1);
  const { mend, natural } = await act(stage, steps, index);
  try {
    await stage.moved(before);
  } finally {
    mend?.();
  }
  const real = stage.now();
  assert.ok(real !== undefined);
  assert.equal(seen.length, after, "one step moves the machine once");
  assertSame(real, expected.after);
  const pid = stage.pid();
  // A program that cannot be started is reported in the next tick: until then nothing may be waited for.
  if (real.context.alive && pid !== undefined && !stage.isUp() && stateOfProcess(pid) !== "Z") {
    await stage.orders.listening(pid);
  }
  checkChild(pid, real, world.dataDir);
  checkDisk(world.store, download.digest, expected.step, real);
  assert.equal(seen.length, after, "nothing else moves the machine");
  return natural;
}

/** The exit code of a loader that has ended, and what it leaves. */
async function checkOutcome({ loader, now, folder, world }: Stage, steps: readonly Expected[]): Promise<void> {
  const last = now();
  const done = loader()?.done;
  if (last?.status !== "done" || done === undefined) return;
  assert.equal(await inTime("the loader to end", done), last.output.exitCode);
  assert.deepEqual(processesWith(`LAB=${folder}`, children()), [], "the loader leaves no process behind");
  checkEnd(world.store, steps.at(-2)?.after.value === "trial");
}
