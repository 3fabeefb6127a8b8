import assert from "node:assert/strict";
import { inputOf, starts, stops } from "./effects.ts";
import type { Moment } from "./supervisor-model.ts";
import { actorId } from "./supervisor-steps.ts";

/** What has happened since the machine started, as far as its promises about the past need it. */
export interface History {
  readonly launches: number;
  readonly ended: number;
  /** The launch whose trial was claimed or whose commit was taken back, the last one; 0: none. */
  readonly blamedLaunch: number;
  /** Steps since SHUTDOWN that moved the machine; null before it. */
  readonly sinceShutdown: number | null;
}

export const NO_HISTORY: History = { launches: 0, ended: 0, blamedLaunch: 0, sinceShutdown: null };

/** Adds one moment, and checks what no single snapshot can show. */
export function remember(history: History, { before, step, after, effects, took }: Moment): History {
  const launches = history.launches + starts(effects, "child");
  const ended = history.ended + stops(effects, "child");
  assert.equal(launches - ended, after.context.alive ? 1 : 0, "every child that was started is let go exactly once");

  const claimed = step.step === "done" && step.port === "claim" && step.output === "claimed" && took.length > 0;
  const reverts = inputOf(effects, actorId("revert")) !== undefined;
  if (claimed || reverts) {
    assert.notEqual(history.blamedLaunch, launches, "a version is blamed at most once for one launch");
    assert.equal(history.launches, launches, "nobody is blamed in the moment of a launch");
  }
  const blamedLaunch = claimed || reverts ? launches : history.blamedLaunch;
  if (after.matches("committed") && !before.matches("committed")) {
    assert.notEqual(blamedLaunch, launches, "committed never follows a version that was blamed");
  }

  const moved = took.length > 0 && !(step.step === "event" && ["SHUTDOWN", "SIGNAL"].includes(step.event.type));
  const asked = after.context.shutdown !== null;
  const sinceShutdown = asked
    ? (history.sinceShutdown ?? 0) + (before.context.shutdown !== null && moved ? 1 : 0)
    : null;
  assert.ok((sinceShutdown ?? 0) <= 8, "after SHUTDOWN a few events are enough");
  return { launches, ended, blamedLaunch, sinceShutdown };
}
