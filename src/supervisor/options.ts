import type { SupervisorSnapshot } from "../../machines/index.ts";
import type * as ports from "../../machines/ports.ts";
import type { Environment } from "../config/load.ts";
import type { Config } from "../config/table.ts";
import type { Logger } from "../log/logger.ts";
import type { Clock } from "../xstate.ts";

export interface SuperviseOptions {
  readonly config: Config;
  /** Passed on to the app, whole. */
  readonly env: Environment;
  /** The app's arguments. */
  readonly args: readonly string[];
  /** The command that performs the first download: program and arguments. */
  readonly fetchCommand: readonly [string, ...string[]];
  /** The command that serves live view, metrics and events when one of them is on. Undefined: nobody looks. */
  readonly observeCommand?: readonly [string, ...string[]];
  readonly log: Logger;
  readonly random: () => number;
}

/** The adapters of the supervisor machine's ports. */
export interface SupervisorAdapters {
  readonly plan: ports.PlanPort;
  readonly bootstrap: ports.BootstrapPort;
  readonly child: ports.ChildPort;
  readonly commitWatch: ports.CommitWatchPort;
  readonly claim: ports.ClaimPort;
  readonly revert: ports.RevertPort;
  readonly settle: ports.SettlePort;
}

/** Where a test takes hold of a real run: when time passes, when a port begins and answers, and what came of it. */
export interface Seams {
  /** The machine's timers; the adapters keep theirs. */
  readonly clock?: Clock;
  readonly wrap?: (adapters: SupervisorAdapters) => SupervisorAdapters;
  /** Called after every event the machine has taken, the first snapshot included. */
  readonly onSnapshot?: (snapshot: SupervisorSnapshot) => void;
}
