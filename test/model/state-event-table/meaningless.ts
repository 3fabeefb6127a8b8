/** Cells that the study leaves empty: what would stand for their event is sent all the same, and must do nothing. */
import { commits, elapsed, failed, NEW, OLD, START } from "../supervisor-steps.ts";
import type { SupervisorStep } from "../supervisor-steps.ts";
import { exit, KILLED } from "./beats.ts";
import type { Column, DiskName } from "./cell.ts";

/** A clean-up is the store's affair: the machine has no such event. */
const CLEAN_UP: SupervisorStep = { step: "event", event: { type: "CLEAN-UP" } as never };

const PROBES: Readonly<Record<Exclude<Column, "SIGTERM">, readonly SupervisorStep[]>> = {
  boot: [START],
  "app exits": [exit(0), exit(1)],
  "app exits 42": [exit(42)],
  "app killed": [KILLED],
  timeout: [elapsed("trialTimeout"), elapsed("probation")],
  commit: [commits(NEW), commits(OLD)],
  "loader killed": [],
  "storage error": [failed("claim"), failed("revert"), failed("settle"), failed("bootstrap")],
  "registry down": [failed("bootstrap")],
  "clean-up": [CLEAN_UP],
};

const empty = (...columns: (keyof typeof PROBES)[]): Readonly<Partial<Record<Column, readonly SupervisorStep[]>>> =>
  Object.fromEntries(columns.map((column) => [column, PROBES[column]]));

/** No app runs in these states. */
const NO_APP = ["app exits", "app exits 42", "app killed", "timeout", "commit"] as const;

export const MEANINGLESS: Readonly<Record<DiskName, Readonly<Partial<Record<Column, readonly SupervisorStep[]>>>>> = {
  S0: empty(...NO_APP, "clean-up"),
  S1: empty("timeout", "clean-up"),
  S2: empty("timeout", "registry down", "clean-up"),
  S2m: empty("app exits", "app killed", "timeout", "commit", "storage error", "registry down", "clean-up"),
  S3: empty("registry down", "clean-up"),
  S4: empty("registry down", "clean-up"),
  S5: empty("registry down", "clean-up"),
  S6: empty("timeout", "commit", "registry down", "clean-up"),
  S7: empty(...NO_APP, "clean-up"),
  S8: empty(...NO_APP, "storage error", "registry down", "clean-up"),
  S9: empty(...NO_APP, "storage error", "registry down", "clean-up"),
  S10: empty("timeout", "storage error", "registry down", "clean-up"),
  S11: empty("timeout", "commit", "storage error", "registry down", "clean-up"),
};
