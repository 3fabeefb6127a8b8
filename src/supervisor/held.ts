import { hostname } from "node:os";
import type { Digest } from "../digest.ts";
import type { Lock } from "../store/index.ts";
import type { Child } from "./child.ts";

/** What the process holds outside of the machine, so that a failing machine can never lose it. */
export interface Held {
  child: Child | undefined;
  /** The id of the current run: everything the app starts inherits it. */
  readonly runId: string;
  /** When it was started: for people, and for measuring. */
  readonly startedAt: { readonly at: Date; readonly monotonicMs: number } | undefined;
  /** Work on the data directory that the machine may have given up: the lock is kept until it has ended. */
  work: Promise<unknown>;
  /** The last stop was not in order: nothing on disk is trusted before every byte was compared. */
  thorough: boolean;
  /** The version that was launched last. */
  ranLast: Digest | undefined;
  /** This loader's life began after such a stop. */
  readonly beganUnclean: boolean;
  /** Why the volume takes no writes, or undefined: then nothing is tried or recorded, the stable version runs. */
  readonly readOnly: string | undefined;
  /** Begins a run: whoever finds the lock file of a dead loader finds by the id what that loader left running. */
  readonly startRun: (runId: string) => void;
}

export function createHeld(lock: Lock | undefined, thorough: boolean, readOnly: string | undefined): Held {
  const since = new Date().toISOString();
  let runId = "";
  let startedAt: Held["startedAt"];
  const sign = (): void => lock?.note({ pid: process.pid, host: hostname(), since, runId });
  sign();
  return {
    child: undefined,
    work: Promise.resolve(),
    get runId() {
      return runId;
    },
    get startedAt() {
      return startedAt;
    },
    thorough,
    ranLast: undefined,
    beganUnclean: thorough,
    readOnly,
    startRun: (id) => {
      runId = id;
      startedAt = { at: new Date(), monotonicMs: performance.now() };
      sign();
    },
  };
}
