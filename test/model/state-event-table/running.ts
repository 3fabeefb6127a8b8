/** What every row has in which a stable version runs: its end is the loader's end, 42 starts it again, stops are passed on. */
import { elapsed, SHUTDOWN } from "../supervisor-steps.ts";
import { exit, KILLED, RUNS_A, SIGINT, stableA } from "./beats.ts";
import { type Cell, cell, type DiskName } from "./cell.ts";

const ENDS = "disarm settledUptime";
const RESTARTS = "disarm settledUptime, plan";

/** Cells of a proven version: no probation, nothing staged. */
export function runningCells(disk: DiskName): Cell[] {
  const on = cell(disk);
  return [
    on("app exits", "with 0", "exits 0", [[exit(0), ENDS]]),
    on("app exits", "with 7", "exits 7", [[exit(7), ENDS]]),
    on("app exits 42", "for the first time: at once", "committed(over)", [[exit(42), RESTARTS], RUNS_A]),
    on("app exits 42", "again and again: after a pause", "committed(over)", [
      [exit(42), RESTARTS],
      RUNS_A,
      [exit(42), RESTARTS],
      [stableA, "arm restart 1000"],
      [elapsed("restart"), "plan"],
      RUNS_A,
    ]),
    on("app exits 42", "after ten seconds of uptime: at once again", "committed(over)", [
      [exit(42), RESTARTS],
      RUNS_A,
      [elapsed("settledUptime"), ""],
      [exit(42), "plan"],
      RUNS_A,
    ]),
    on("app killed", "by the kernel for its memory, or by hand", "exits 137", [[KILLED, ENDS]]),
    ...stoppingCells(disk, ENDS),
  ];
}

/** SIGTERM in any state with a living child that is not being taken back. `ends`: what its exit disarms. */
export function stoppingCells(disk: DiskName, ends: string): Cell[] {
  const on = cell(disk);
  return [
    on("SIGTERM", "the app ends in order: its code", "exits 0", [
      [SHUTDOWN, "STOP SIGTERM"],
      [exit(0), ends],
    ]),
    on("SIGTERM", "the app does not end in its grace", "exits 137", [
      [SHUTDOWN, "STOP SIGTERM"],
      [KILLED, ends],
    ]),
    on("SIGTERM", "the app answers 42: nobody would understand", "exits 143", [
      [SHUTDOWN, "STOP SIGTERM"],
      [exit(42), ends],
    ]),
    on("SIGTERM", "a second one: now", "exits 137", [
      [SIGINT, "STOP SIGINT"],
      [SHUTDOWN, "KILL"],
      [KILLED, ends],
    ]),
  ];
}
