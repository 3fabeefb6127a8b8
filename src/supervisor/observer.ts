import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import type { Environment } from "../config/load.ts";
import type { Config } from "../config/table.ts";
import type { Logger } from "../log/logger.ts";

/** Milliseconds between two starts of an observer that ended: 1 s, doubled up to 60 s. */
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;
/** Milliseconds that the last events get to reach their readers when the loader ends. */
const FAREWELL_MS = 1_000;

export interface ObserverOptions {
  readonly config: Config;
  readonly env: Environment;
  readonly log: Logger;
  /** This program with the argument `observe`. Undefined: nobody looks. */
  readonly observeCommand?: readonly [string, ...string[]] | undefined;
}

export interface Observer {
  /** Resolves when the observer has ended, or its time for that is over. */
  readonly stop: () => Promise<void>;
}

/**
 * Keeps a process beside the loader that shows what the loader does: live view, metrics, event descriptor. Nothing of
 * it is started, or even loaded, when none is on. It may crash, hang or be killed: it is started again, later and later.
 */
export function startObserver({ config, env, log, observeCommand }: ObserverOptions): Observer {
  const { inspect, metrics, eventsFd } = config;
  const wanted = inspect !== undefined || metrics !== undefined || eventsFd !== undefined;
  if (!wanted || observeCommand === undefined) return { stop: async () => {} };
  const over = new AbortController();
  // What one observer has seen, the next one does not hand on again.
  let since = new Date().toISOString();
  const run = (command: readonly [string, ...string[]]): Promise<string> =>
    new Promise((resolve) => {
      const [program, ...args] = command;
      const stdio: (number | "pipe" | "ignore" | "inherit")[] = ["pipe", "inherit", "inherit"];
      if (eventsFd !== undefined)
        while (stdio.length <= eventsFd) stdio.push(stdio.length === eventsFd ? eventsFd : "ignore");
      const child = spawn(program, [...args, "--since", since], { env: { ...env }, stdio, detached: true });
      // Its end of the pipe closes with this process, whatever ends it.
      child.stdin?.on("error", () => {});
      const stop = (): void => {
        child.kill("SIGTERM");
        setTimeout(() => child.kill("SIGKILL"), FAREWELL_MS).unref();
      };
      over.signal.addEventListener("abort", stop, { once: true });
      child.once("error", (error) => resolve(error.message));
      child.once("exit", (code, signal) => {
        over.signal.removeEventListener("abort", stop);
        since = new Date().toISOString();
        resolve(`it ended with ${code ?? signal ?? "nothing"}`);
      });
    });

  const keep = async (): Promise<void> => {
    for (let pause = FIRST_PAUSE_MS; !over.signal.aborted; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      const why = await run(observeCommand);
      if (over.signal.aborted) return;
      log.emit({ type: "inspect.restarting", why, inMs: pause });
      await delay(pause, undefined, { signal: over.signal }).catch(() => {});
    }
  };
  const ended = keep();
  return {
    stop: async () => {
      over.abort();
      await Promise.race([ended, delay(FAREWELL_MS, undefined, { ref: false })]);
    },
  };
}
