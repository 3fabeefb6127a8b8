import { join } from "node:path";
import { must } from "../../../test/container/support/command.ts";
import { middle } from "../group.ts";
import type { Finding } from "./table.ts";

const COST = join(import.meta.dirname, "spawn-cost.ts");

/** Whether contestants pay for where they are started from: every process that a turn starts is in its figure. */
export async function starts(turns: readonly number[]): Promise<Finding> {
  const bare = Number(await must(process.execPath, [COST]));
  const [turn, slowest] = [middle(turns), Math.max(...turns)];
  const line = `to start a process takes a contestant ${turn.toFixed(1)} ms (at most ${slowest.toFixed(1)}), a bare Node ${bare.toFixed(1)}`;
  return { title: "starts", lines: [line], data: { turns, bare }, missed: [] };
}
