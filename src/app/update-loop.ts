import { EventEmitter } from "node:events";
import type { UpdateResult } from "../../machines/ports.ts";
import { updateMachine } from "../../machines/update.ts";
import { DockerloaderError, toDockerloaderError } from "../errors.ts";
import type { ImageSource } from "../registry/source.ts";
import { createActor } from "../xstate.ts";
import { reportMoves } from "./moves.ts";
import { firstPause, nextPause } from "./pauses.ts";
import { restartAfter, type RestartHook } from "./restart.ts";
import { type AppOptions, openSession, type Session } from "./session.ts";
import { createUpdateAdapters } from "./update-adapters.ts";
import { type CheckResult, failedResult, reasonOff, report, sourceOf } from "./update.ts";

export interface UpdateLoopOptions extends AppOptions {
  /** Awaited before the process exits 42: drain here. */
  readonly onRestart?: RestartHook;
  /** False: emit `staged` and leave the exit to the app. Default: true. */
  readonly exit?: boolean;
  /** For tests: 0 to 1. Default: Math.random. */
  readonly random?: () => number;
}

export interface UpdateLoopEvents {
  /** A round has ended. */
  result: [UpdateResult];
  /** The machine has moved: idle, check, download, extract, stageAttempt, staged, stopped. */
  state: [string];
}

export interface UpdateLoop extends AsyncDisposable {
  /** Checks now; resolves with the result of that round. */
  readonly check: () => Promise<CheckResult>;
  /** Ends the loop; a running download is aborted and leaves nothing. Idempotent. */
  readonly stop: () => Promise<void>;
  readonly on: <K extends keyof UpdateLoopEvents>(event: K, listener: (...args: UpdateLoopEvents[K]) => void) => void;
  /** False: not under a loader, without a target, or pinned to a digest; the loop then does nothing. */
  readonly running: boolean;
}

/**
 * Looks for a newer image every DOCKERLOADER_UPDATE_INTERVAL_SECS (with jitter, see pauses.ts), stages it, waits for
 * `onRestart` and exits 42. The loop never keeps the process alive and never throws into the app.
 */
export function startUpdateLoop(options: UpdateLoopOptions = {}): UpdateLoop {
  const session = openSession(options);
  const off = reasonOff(session);
  if (off !== undefined) return idleLoop(session, off);
  return runLoop(session, options, sourceOf(session));
}

function idleLoop({ log }: Session, why: string): UpdateLoop {
  log.emit({ type: "update.off", why });
  const stop = async (): Promise<void> => {};
  return {
    check: async () => ({ kind: "not-supervised" }),
    stop,
    on: () => {},
    running: false,
    [Symbol.asyncDispose]: stop,
  };
}

function runLoop(session: Session, options: UpdateLoopOptions, source: ImageSource): UpdateLoop {
  const { config, log, supervised, signal } = session;
  if (supervised === undefined) throw new DockerloaderError("INTERNAL", "a loop needs a supervised process");
  const random = options.random ?? Math.random;
  const intervalSecs = config.updateIntervalSecs;
  const intervalMs = intervalSecs * 1000;
  const adapters = createUpdateAdapters(session, supervised, source);
  const events = new EventEmitter<UpdateLoopEvents>();
  let pause = firstPause(intervalMs, random);

  const machine = updateMachine.provide({ actors: adapters.actors, delays: { pause: () => pause } });
  const actor = createActor(machine, {
    input: { once: false, intervalMs, backoffMaxMs: config.updateBackoffMaxSecs * 1000, firstDelayMs: intervalMs },
    clock: unrefClock,
    inspect: reportMoves(log),
  });
  const ended = new Promise<void>((resolve) => {
    let rounds = 0;
    actor.subscribe({
      next: (snapshot) => {
        const { context } = snapshot;
        if (context.rounds > rounds && context.result !== null) {
          rounds = context.rounds;
          pause = nextPause(context, source.rateLimit(), random);
          const found = { retryInMs: pause, rateLimit: source.rateLimit() };
          report(session, supervised.store, context.result, found);
          events.emit("result", context.result);
        }
        events.emit("state", snapshot.value);
      },
      complete: resolve,
      error: (error) => {
        log.emit({
          type: "update.failed",
          code: "INTERNAL",
          message: toDockerloaderError(error).message,
          background: true,
        });
        resolve();
      },
    });
  });
  void ended.then(async () => {
    adapters.close();
    const staged = actor.getSnapshot().context.result?.kind === "staged";
    if (staged && options.exit !== false) await restartAfter(options.onRestart, log);
  });

  log.emit({ type: "update.loop-started", reference: source.name, intervalSecs });
  const stop = async (): Promise<void> => {
    actor.send({ type: "STOP" });
    await ended;
  };
  signal.addEventListener("abort", () => void stop(), { once: true });
  actor.start();
  if (signal.aborted) void stop();

  return {
    running: true,
    stop,
    [Symbol.asyncDispose]: stop,
    on: (event, listener) => void events.on(event, listener as never),
    check: async () => {
      const stopped = failedResult(new DockerloaderError("ABORTED", "the update loop was stopped"));
      if (actor.getSnapshot().status !== "active") return stopped;
      const result = new Promise<CheckResult>((resolve) => events.once("result", resolve));
      actor.send({ type: "CHECK" });
      return Promise.race([result, ended.then(() => stopped)]);
    },
  };
}

/** Timers that do not keep an app alive which has nothing else to do. */
const unrefClock = {
  setTimeout: (action: (...args: unknown[]) => void, ms: number): NodeJS.Timeout => setTimeout(action, ms).unref(),
  clearTimeout: (timer: NodeJS.Timeout): void => clearTimeout(timer),
};
