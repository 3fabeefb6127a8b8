import { spawn } from "node:child_process";
import { constants } from "node:os";
import type { ChildExit, SignalName } from "../../machines/ports.ts";
import { killStragglers, trySignal } from "./stragglers.ts";

export interface ChildOptions {
  /** The executable inside the version's tree: not the link, which may be renamed while the kernel looks. */
  readonly path: string;
  /** What the app sees as its argv[0]: the link, as the original passes it. */
  readonly argv0: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Finds every process of this start again. */
  readonly runId: string;
  /** Milliseconds between a stop signal and SIGKILL. */
  readonly graceMs: number;
  /** Called exactly once, when the process has exited and everything it left behind is dead. */
  readonly onExit: (exit: ChildExit) => void;
  readonly onKill: (reason: string) => void;
}

/** A running app, in a session and process group of its own. */
export interface Child {
  readonly pid: number | undefined;
  /** Resolves when the process has exited and nothing of it is left. */
  readonly ended: Promise<void>;
  /** Signals the group; SIGKILL follows after the grace. */
  readonly stop: (signal: SignalName) => void;
  /** SIGKILL to the group, now. */
  readonly kill: (reason: string) => void;
  readonly signal: (signal: SignalName) => void;
}

/**
 * Starts the app with inherited stdio. Decides on `exit`, never on `close`: a background process that holds a pipe
 * must not delay a decision.
 */
export function startChild(options: ChildOptions): Child {
  const { runId, onExit } = options;
  let grace: NodeJS.Timeout | undefined;
  let over = false;
  const { promise: ended, resolve: resolveEnded } = Promise.withResolvers<void>();
  const child = spawn(options.path, [...options.args], {
    argv0: options.argv0,
    env: { ...options.env, DOCKERLOADER_RUN_ID: runId },
    stdio: "inherit",
    detached: true,
  });

  const end = (exit: ChildExit): void => {
    if (over) return;
    over = true;
    clearTimeout(grace);
    if (child.pid !== undefined) trySignal(-child.pid, "SIGKILL");
    killStragglers(runId);
    onExit(exit);
    resolveEnded();
  };
  child.once("exit", (code, signal) => end(exitOf(code, signal)));
  child.once("error", (error: NodeJS.ErrnoException) => {
    if (child.pid === undefined) end(spawnFailure(error));
  });

  const signalGroup = (signal: SignalName): void => {
    if (!over && child.pid !== undefined) trySignal(-child.pid, signal as NodeJS.Signals);
  };
  const kill = (reason: string): void => {
    if (over) return;
    options.onKill(reason);
    signalGroup("SIGKILL");
  };
  return {
    pid: child.pid,
    ended,
    signal: signalGroup,
    kill,
    stop: (signal) => {
      signalGroup(signal);
      grace ??= setTimeout(() => kill(`it did not end within ${options.graceMs} ms`), options.graceMs);
    },
  };
}

function exitOf(code: number | null, signal: NodeJS.Signals | null): ChildExit {
  if (signal !== null) return { kind: "signal", signal, number: constants.signals[signal] };
  return { kind: "code", code: code ?? 1 };
}

/** As a shell reports it: 127 when the file or its interpreter is missing, 126 when it cannot be executed. */
function spawnFailure(error: NodeJS.ErrnoException): ChildExit {
  return { kind: "spawn-failed", code: error.code === "ENOENT" ? 127 : 126, message: error.message };
}
