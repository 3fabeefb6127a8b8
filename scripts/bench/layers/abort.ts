import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { middle } from "../group.ts";
import { unpacker } from "./apply.ts";
import type { Made, Workshop } from "./made.ts";
import type { Finding } from "./table.ts";

const ABORTS = 20;
/** Milliseconds from an abort until nothing is written any more. */
const GOAL_MS = 200;

/** How long an aborted work goes on. */
export async function aborting(folder: string, image: Workshop): Promise<Finding> {
  const data = await abortMs(folder, await image("files to abort", true));
  const slowest = Math.max(...data);
  const line = `an abort is over after ${middle(data).toFixed(0)} ms, the slowest of ${data.length} after ${slowest.toFixed(0)} ms (goal: at most ${GOAL_MS})`;
  return { title: "abort", lines: [line], data, missed: slowest <= GOAL_MS ? [] : [line] };
}

/** Milliseconds from an abort, at moments spread over the whole work, until nothing is written any more. */
async function abortMs(folder: string, { layers }: Made): Promise<readonly number[]> {
  const { unpackImage } = await unpacker();
  const apply = async (afterMs: number | undefined): Promise<number> => {
    const root = mkdtempSync(join(folder, "abort-"));
    const stop = new AbortController();
    const began = performance.now();
    let aborted = began;
    const work = unpackImage({ root, layers }, { signal: stop.signal }).catch(() => undefined);
    if (afterMs !== undefined) {
      await Promise.race([delay(afterMs), work]);
      aborted = performance.now();
      stop.abort();
    }
    await work;
    const took = performance.now() - aborted;
    rmSync(root, { recursive: true });
    return took;
  };
  const whole = await apply(undefined);
  const found: number[] = [];
  for (let index = 0; index < ABORTS; index += 1) found.push(await apply((whole * (index + 0.5)) / ABORTS));
  return found;
}
