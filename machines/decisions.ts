import type { ChildExit, FailureReason, LoaderFault, SignalName } from "./ports.ts";

/** The exit code by which an app asks to be started again (the original's contract). */
const RESTART_EXIT_CODE = 42;
const SIGNAL_NUMBERS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 };
const RESTART_DELAY_CAP_MS = 60_000;

/** How the loader ends. `exitCode` is what the process exits with. */
export interface Outcome {
  readonly exitCode: number;
  readonly fault: LoaderFault | null;
}

/** True for exit code 42: the app asks to be started again. */
export function isRestart(exit: ChildExit | null): boolean {
  return exit?.kind === "code" && exit.code === RESTART_EXIT_CODE;
}

/** True for an end that says "something is wrong": neither 0 nor 42. */
export function isAbnormal(exit: ChildExit | null): boolean {
  return exit !== null && !isRestart(exit) && !(exit.kind === "code" && exit.code === 0);
}

/** The code a shell would show for this exit: signal s is 128 + s. */
export function exitCodeOf(exit: ChildExit): number {
  return exit.kind === "signal" ? 128 + exit.number : exit.code;
}

/** Milliseconds before the n-th restart in a row without anything staged: 0, 1, 2, 4 ... 60 s. */
export function restartDelayMs(restarts: number): number {
  return restarts <= 1 ? 0 : Math.min(1000 * 2 ** (restarts - 2), RESTART_DELAY_CAP_MS);
}

/** What the loader exits with. 42 never leaves the loader: it would mean "restart me" to nobody. */
export function outcomeOf(facts: {
  readonly fault: LoaderFault | null;
  readonly shutdown: SignalName | null;
  readonly lastExit: ChildExit | null;
  readonly reason: FailureReason | null;
}): Outcome {
  const { fault, shutdown, lastExit, reason } = facts;
  if (fault !== null) return { exitCode: fault.exitCode, fault };
  if (shutdown !== null && (lastExit === null || isRestart(lastExit))) {
    return { exitCode: 128 + (SIGNAL_NUMBERS[shutdown] ?? 15), fault };
  }
  if (reason?.kind === "timeout" && shutdown === null) return { exitCode: 1, fault };
  if (lastExit === null) return { exitCode: 0, fault };
  return { exitCode: isRestart(lastExit) ? 1 : exitCodeOf(lastExit), fault };
}
