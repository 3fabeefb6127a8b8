import type { SupervisorOptions } from "../../../machines/index.ts";
import type { SupervisorStep } from "../supervisor-steps.ts";

/** What a volume holds, as the study of crashes names it. A is the stable version, B the newer one, C a third. */
export const DISKS = {
  S0: "empty volume",
  S1: "stable A",
  S2: "stable A, B staged",
  S2m: "stable A, a marker that nothing backs",
  S3: "B on trial over A",
  S4: "B committed, not tidied up",
  S5: "B on probation over A",
  S6: "stable A, B rejected",
  S7: "stable version broken",
  S8: "staged version broken",
  S9: "B on trial, C staged",
  S10: "read-only volume",
  S11: "A and B have failed",
} as const;
export type DiskName = keyof typeof DISKS;

/** What may happen, as the columns of the study. */
export const COLUMNS = [
  "boot",
  "app exits",
  "app exits 42",
  "app killed",
  "timeout",
  "commit",
  "SIGTERM",
  "loader killed",
  "storage error",
  "registry down",
  "clean-up",
] as const;
export type Column = (typeof COLUMNS)[number];

/** One event and all that it makes the machine do, in words; an empty string: nothing at all. */
export type Beat = readonly [SupervisorStep, string];

export interface Cell {
  readonly disk: DiskName;
  readonly column: Column;
  /** Which of the cases of this cell, when it has several. */
  readonly which: string;
  /** Where the design rules otherwise than the study: what it says, and why. */
  readonly differs?: string;
  readonly options?: SupervisorOptions;
  /** The way to the state; absent: the usual one. */
  readonly given?: readonly SupervisorStep[];
  readonly beats: readonly Beat[];
  /** Answers and timers that cannot come then: nobody is at work on them. */
  readonly cannotCome?: readonly SupervisorStep[];
  /** Where the machine is then. */
  readonly to: string;
  /** What the loader exits with; only for an end. */
  readonly exitCode?: number;
}

type Facts = Omit<Cell, "disk" | "column" | "which">;

/** `exits 143` is short for the end with that code. */
export const cell =
  (disk: DiskName) =>
  (column: Column, which: string, to: string, beats: readonly Beat[], more: Partial<Facts> = {}): Cell => ({
    disk,
    column,
    which,
    beats,
    ...(to.startsWith("exits ") ? { to: "exited", exitCode: Number(to.slice(6)) } : { to }),
    ...more,
  });
