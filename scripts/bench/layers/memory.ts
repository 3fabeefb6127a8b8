import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { Made, Workshop } from "./made.ts";
import { peakMb } from "./site.ts";
import type { Finding } from "./table.ts";

/** Resident memory that pulling a gigabyte may take, in MiB. */
const GOAL_MB = 64;

/** How much more memory a process needs to pull a gigabyte than to pull next to nothing. */
export async function memory(folder: string, image: Workshop): Promise<Finding> {
  const peak = ({ reference }: Made): Promise<number> => peakMb(reference, mkdtempSync(join(folder, "memory-")));
  const gigabyte = await peak(await image("gigabyte", true));
  const data = gigabyte - (await peak(await image("nothing", true)));
  const line = `pulling 1 GB takes ${data.toFixed(0)} MiB more than pulling nothing (goal: at most ${GOAL_MB})`;
  return { title: "memory", lines: [line], data, missed: data <= GOAL_MB ? [] : [line] };
}
