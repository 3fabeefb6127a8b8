import { type Closure, explore, type Settings } from "./explore.ts";
import { checkDisks, checkMoment, checkMove } from "./promises.ts";
import { checkStep } from "./promises-of-steps.ts";

/** Explores and asks the invariants of all that is found. Rejects with the first that does not hold and what led there. */
export async function close(settings: Settings): Promise<Closure> {
  const found = await explore(settings, { onStep: checkStep, onMoment: checkMoment, onMove: checkMove });
  await checkDisks(found.disks);
  return found;
}
