import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ChildExit } from "../../machines/index.ts";
import { EXIT, ROLLBACK, ROLLBACK_WITHOUT_PROBATION, after } from "./supervisor-model.ts";
import {
  claims,
  commits,
  done,
  elapsed,
  EXITS,
  exits,
  failed,
  FAULT,
  NEW,
  planned,
  PLANS,
} from "./supervisor-steps.ts";
import { SHUTDOWN, START, type SupervisorStep } from "./supervisor-steps.ts";

const STABLE = [START, planned(PLANS.stable)];
const TRIAL = [START, planned(PLANS.trial)];
const TIMED_OUT = [...TRIAL, elapsed("trialTimeout")];
const code = (code: number): SupervisorStep => exits({ kind: "code", code });
const signal = (signal: "SIGKILL" | "SIGTERM" | "SIGSEGV", number: number): SupervisorStep =>
  exits({ kind: "signal", signal, number });
const interrupt: SupervisorStep = { step: "event", event: { type: "SHUTDOWN", signal: "SIGINT" } };

/** What the loader exits with after these steps; the machine has to have ended. */
function exitCode(options: typeof ROLLBACK, ...steps: readonly SupervisorStep[]): number | undefined {
  const snapshot = after(options, ...steps);
  assert.equal(snapshot.value, "exited");
  return snapshot.output?.exitCode;
}

describe("the exit code of the loader", () => {
  it("is the code of a committed app", () => {
    for (const n of [0, 1, 2, 41, 43, 126, 255]) assert.equal(exitCode(ROLLBACK, ...STABLE, code(n)), n);
  });

  it("is 128 + n when signal n ended a committed app", () => {
    assert.equal(exitCode(ROLLBACK, ...STABLE, signal("SIGKILL", 9)), 137);
    assert.equal(exitCode(ROLLBACK, ...STABLE, signal("SIGSEGV", 11)), 139);
  });

  it("is 127 when the file to run is missing", () => {
    assert.equal(exitCode(ROLLBACK, ...STABLE, exits(EXITS.unstartable)), 127);
  });

  it("is 1 after a trial timeout when the loader is to exit then, however the killed app ended", () => {
    for (const end of [code(0), code(42), signal("SIGTERM", 15), signal("SIGKILL", 9)]) {
      assert.equal(exitCode(EXIT, ...TIMED_OUT, claims("claimed"), end), 1);
      assert.equal(exitCode(EXIT, ...TIMED_OUT, claims("stop-first"), end, claims("claimed")), 1);
    }
  });

  it("is the code of the trial that ended by itself when the loader is to exit then", () => {
    for (const n of [0, 1, 7]) assert.equal(exitCode(EXIT, ...TRIAL, code(n), claims("claimed")), n);
    assert.equal(exitCode(EXIT, ...TRIAL, signal("SIGSEGV", 11), claims("claimed")), 139);
  });

  it("is never 42", () => {
    assert.equal(exitCode(EXIT, ...TRIAL, code(42), claims("claimed")), 1);
    assert.equal(exitCode(ROLLBACK, ...STABLE, SHUTDOWN, code(42)), 143);
    assert.equal(exitCode(ROLLBACK, ...TRIAL, SHUTDOWN, code(42)), 143);
  });

  it("is the app's own code after a shutdown, else 128 + the signal", () => {
    assert.equal(exitCode(ROLLBACK, ...STABLE, SHUTDOWN, code(0)), 0);
    assert.equal(exitCode(ROLLBACK, ...STABLE, SHUTDOWN, code(5)), 5);
    assert.equal(exitCode(ROLLBACK, ...STABLE, SHUTDOWN, signal("SIGTERM", 15)), 143);
    assert.equal(exitCode(ROLLBACK, SHUTDOWN), 143);
    assert.equal(exitCode(ROLLBACK, START, interrupt), 130);
    assert.equal(exitCode(ROLLBACK, ...STABLE, interrupt, code(42)), 130);
    assert.equal(exitCode(ROLLBACK, ...STABLE, code(42), SHUTDOWN), 143);
  });

  it("is 143 when SIGTERM comes between a version that failed and its successor", () => {
    assert.equal(exitCode(ROLLBACK, ...TRIAL, code(3), claims("claimed"), SHUTDOWN), 143);
    assert.equal(exitCode(ROLLBACK, ...TIMED_OUT, claims("claimed"), signal("SIGKILL", 9), SHUTDOWN), 143);
  });

  it("is that of the fault when a port that decides fails", () => {
    const ends: readonly (readonly SupervisorStep[])[] = [
      [START, failed("plan")],
      [START, planned(PLANS.empty), failed("bootstrap")],
      [...TRIAL, code(1), failed("claim")],
      [...TIMED_OUT, failed("claim"), signal("SIGKILL", 9)],
      [START, planned(PLANS.fresh), code(1), failed("revert")],
    ];
    for (const steps of ends) {
      const snapshot = after(ROLLBACK, ...steps);
      assert.deepEqual(snapshot.output, { exitCode: FAULT.exitCode, fault: FAULT });
    }
  });

  it("is 69 when the first download leaves nothing to run", () => {
    const empty = planned(PLANS.empty);
    assert.equal(exitCode(ROLLBACK, START, empty, done("bootstrap"), empty), 69);
  });

  it("is 70 for whatever else an adapter rejects with, null included", () => {
    for (const error of [new Error("bug"), "bug", 7, null, undefined, {}]) {
      const broken = { step: "failed", port: "plan", error: error as never } as const;
      const { status, output } = after(ROLLBACK, START, broken);
      assert.equal(status, "done");
      assert.equal(output?.exitCode, 70);
      assert.equal(output?.fault?.code, "INTERNAL");
    }
  });
});

describe("restarts", () => {
  /** Exits 42 this often, launching the same version again each time, and returns each pause in milliseconds. */
  function pauses(count: number): number[] {
    let steps: SupervisorStep[] = [...STABLE];
    return Array.from({ length: count }, () => {
      steps = [...steps, exits(EXITS.restart)];
      const { pendingDelayMs } = after(ROLLBACK, ...steps).context;
      steps = [...steps, planned(PLANS.stable)];
      if (pendingDelayMs > 0) steps = [...steps, elapsed("restart"), planned(PLANS.stable)];
      assert.ok(after(ROLLBACK, ...steps).matches("committed"));
      return pendingDelayMs;
    });
  }

  it("come at once the first time, then after 1, 2, 4 and at most 60 seconds", () => {
    assert.deepEqual(
      pauses(10),
      [0, 1, 2, 4, 8, 16, 32, 60, 60, 60].map((seconds) => seconds * 1000),
    );
  });

  it("come at once again after an uptime of ten seconds", () => {
    const storm = [...STABLE, exits(EXITS.restart), planned(PLANS.stable)];
    assert.equal(after(ROLLBACK, ...storm, exits(EXITS.restart)).context.pendingDelayMs, 1000);
    const calm = [...storm, elapsed("settledUptime"), exits(EXITS.restart)];
    assert.equal(after(ROLLBACK, ...calm).context.pendingDelayMs, 0);
  });

  it("come at once when something was staged", () => {
    const storm = [...STABLE, exits(EXITS.restart), planned(PLANS.stable), exits(EXITS.restart)];
    assert.ok(after(ROLLBACK, ...storm, planned(PLANS.stable)).matches({ launching: "waiting" }));
    const { value, context } = after(ROLLBACK, ...storm, planned(PLANS.trial));
    assert.equal(value, "trial");
    assert.equal(context.restarts, 0);
  });
});

describe("probation", () => {
  const committed = [...TRIAL, commits(NEW)];

  it("takes a version back that crashes in it", () => {
    for (const exit of [EXITS.one, EXITS.killed, EXITS.unstartable] satisfies ChildExit[]) {
      const snapshot = after(ROLLBACK, ...committed, exits(exit));
      assert.ok(snapshot.matches({ rollingBack: "reverting" }));
      assert.deepEqual(snapshot.context.reason, { kind: "crashed-on-probation", exit });
      assert.ok(after(ROLLBACK, ...committed, exits(exit), done("revert")).matches("launching"));
      assert.ok(after(EXIT, ...committed, exits(exit), done("revert")).matches("launching"), "no failed trial");
    }
  });

  it("lets an app end by itself with 0", () => {
    assert.equal(exitCode(ROLLBACK, ...committed, code(0)), 0);
  });

  it("is over after its time: a crash ends the loader with the app's code", () => {
    assert.equal(exitCode(ROLLBACK, ...committed, elapsed("probation"), code(1)), 1);
    assert.equal(exitCode(ROLLBACK, ...committed, elapsed("probation"), done("settle"), code(1)), 1);
    assert.equal(exitCode(ROLLBACK, ...committed, elapsed("probation"), failed("settle"), code(1)), 1);
  });

  it("does not exist for an old version, nor when it is set to 0", () => {
    assert.equal(exitCode(ROLLBACK, ...STABLE, code(1)), 1);
    assert.equal(exitCode(ROLLBACK_WITHOUT_PROBATION, ...committed, code(1)), 1);
    assert.equal(exitCode(ROLLBACK_WITHOUT_PROBATION, START, planned(PLANS.fresh), code(1)), 1);
  });

  it("does not blame a version for a shutdown", () => {
    assert.equal(exitCode(ROLLBACK, ...committed, SHUTDOWN, signal("SIGKILL", 9)), 137);
    assert.equal(exitCode(ROLLBACK, ...TRIAL, SHUTDOWN, code(1)), 1);
  });
});

describe("the race between commit and claim", () => {
  it("lets a living app that was first run on", () => {
    const snapshot = after(ROLLBACK, ...TIMED_OUT, claims("committed"));
    assert.ok(snapshot.matches({ committed: { probation: "watched" } }));
  });

  it("starts an app again that was killed first and had committed", () => {
    const killed = [...TIMED_OUT, claims("stop-first"), exits(EXITS.killed), claims("committed")];
    assert.ok(after(ROLLBACK, ...killed).matches("launching"));
    assert.ok(after(EXIT, ...killed).matches("launching"));
    assert.equal(exitCode(ROLLBACK, ...killed.slice(0, -1), SHUTDOWN, claims("committed")), 137);
  });

  it("treats an app that committed and ended before the loader saw it as committed", () => {
    const ended = (exit: ChildExit) => [...TRIAL, exits(exit), claims("committed")];
    assert.ok(after(ROLLBACK, ...ended(EXITS.restart)).matches("launching"));
    assert.ok(after(ROLLBACK, ...ended(EXITS.one)).matches({ rollingBack: "reverting" }));
    assert.equal(exitCode(ROLLBACK, ...ended(EXITS.zero)), 0);
    assert.equal(exitCode(ROLLBACK_WITHOUT_PROBATION, ...ended(EXITS.one)), 1);
  });

  it("ignores the commit of another version", () => {
    const foreign = commits(PLANS.stable.digest);
    assert.equal(after(ROLLBACK, ...TRIAL, foreign).value, "trial");
  });
});
