import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { narrate, type Surroundings } from "../../../src/supervisor/narrate.ts";
import { EXIT, ROLLBACK, run } from "../../model/supervisor-model.ts";
import {
  claims,
  commits,
  done,
  elapsed,
  EXITS,
  exits,
  failed,
  NEW,
  OLD,
  planned,
} from "../../model/supervisor-steps.ts";
import { PLANS, SHUTDOWN, START, type SupervisorStep } from "../../model/supervisor-steps.ts";

const STABLE = [START, planned(PLANS.stable)];
const TRIAL = [START, planned(PLANS.trial)];
const KEPT = [...TRIAL, commits(NEW)];
const TIMED_OUT = [...TRIAL, elapsed("trialTimeout")];

/** The events of the last of these steps, those of the machine's own moves left out. */
function lastSaid(steps: readonly SupervisorStep[], options = ROLLBACK, known: Partial<Surroundings> = {}) {
  const moment = run(options, ...steps).at(-1);
  assert.ok(moment !== undefined);
  const events = narrate(moment.before, moment.after, "cause", { isOff: () => true, ...known });
  return events.filter(({ type }) => type !== "supervisor.state" && type !== "supervisor.step");
}

/** Each story ends with the step that is told. */
const TABLE: readonly (readonly [string, readonly SupervisorStep[], readonly object[]])[] = [
  ["a launch of the stable version", STABLE, []],
  ["a launch on trial", TRIAL, []],
  ["an exit", [...STABLE, exits(EXITS.one)], [{ type: "child.exited", exit: EXITS.one, digest: OLD }]],
  ["a restart", [...STABLE, exits(EXITS.restart)], [{ type: "child.exited", exit: EXITS.restart, digest: OLD }]],
  [
    "a second restart in a row",
    [...STABLE, exits(EXITS.restart), planned(PLANS.stable), exits(EXITS.restart), planned(PLANS.stable)],
    [{ type: "child.restarting", delayMs: 1000 }],
  ],
  ["a commit", KEPT, [{ type: "trial.kept", digest: NEW }]],
  ["a commit that the claim meets", [...TIMED_OUT, claims("committed")], [{ type: "trial.kept", digest: NEW }]],
  ["a timeout", TIMED_OUT, [{ type: "trial.timeout", afterMs: 10_000, digest: NEW }]],
  [
    "a claim after a timeout",
    [...TIMED_OUT, claims("claimed")],
    [{ type: "trial.failed", reason: { kind: "timeout", afterMs: 10_000 }, digest: NEW }],
  ],
  [
    "a claim after an exit",
    [...TRIAL, exits(EXITS.one), claims("claimed")],
    [{ type: "trial.failed", reason: { kind: "exited", exit: EXITS.one }, digest: NEW }],
  ],
  ["a crash on probation", [...KEPT, exits(EXITS.killed)], [{ type: "child.exited", exit: EXITS.killed, digest: NEW }]],
  [
    "a crash on probation, once it is recorded",
    [...KEPT, exits(EXITS.killed), done("revert")],
    [{ type: "trial.failed", reason: { kind: "crashed-on-probation", exit: EXITS.killed }, digest: NEW }],
  ],
  [
    "a crash right after a commit that only the claim sees",
    [...TRIAL, exits(EXITS.one), claims("committed"), done("revert")],
    [{ type: "trial.failed", reason: { kind: "crashed-on-probation", exit: EXITS.one }, digest: NEW }],
  ],
  [
    "the old version back in place",
    [...TRIAL, exits(EXITS.one), claims("claimed"), planned(PLANS.stable)],
    [{ type: "rollback.finished", digest: OLD }],
  ],
  [
    "the old version back in place after a revert",
    [...KEPT, exits(EXITS.one), done("revert"), planned(PLANS.stable)],
    [{ type: "rollback.finished", digest: OLD }],
  ],
  ["a passed probation", [...KEPT, elapsed("probation")], [{ type: "probation.passed", digest: NEW }]],
  ["a signal", [...STABLE, SHUTDOWN], [{ type: "loader.signal", signal: "SIGTERM" }]],
  ["a second signal", [...STABLE, SHUTDOWN, SHUTDOWN], []],
];

describe("what the log tells", () => {
  for (const [title, steps, events] of TABLE) {
    it(`of ${title}`, () => assert.deepEqual(lastSaid(steps), events));
  }

  it("of a failed trial holds how long its program ran, when that is known", () => {
    const [event] = lastSaid([...TRIAL, exits(EXITS.one), claims("claimed")], EXIT, { runMs: 17 });
    assert.deepEqual(event, {
      type: "trial.failed",
      reason: { kind: "exited", exit: EXITS.one },
      digest: NEW,
      afterMs: 17,
    });
  });

  for (const [title, steps] of [
    ["trial", [...TRIAL, exits(EXITS.restart), claims("claimed")]],
    ["probation", [...KEPT, exits(EXITS.one), failed("revert")]],
  ] as const) {
    it(`of a failed ${title} says when the volume holds nothing against the version`, () => {
      const [event] = lastSaid(steps, ROLLBACK, { isOff: (digest) => digest !== NEW });
      assert.equal(event?.type === "trial.failed" && event.unrecorded, true);
    });
  }

  it("names every move between the states of the card once, with its cause", () => {
    const moments = run(
      ROLLBACK,
      ...TRIAL,
      exits(EXITS.one),
      claims("claimed"),
      planned(PLANS.stable),
      exits(EXITS.zero),
    );
    const moves = moments
      .flatMap(({ before, after }) => narrate(before, after, "cause", { isOff: () => true }))
      .filter((event) => event.type === "supervisor.state");
    const states = ["idle", "launching", "trial", "rollingBack", "launching", "committed", "exited"];
    assert.deepEqual(
      moves,
      states.slice(1).map((state, index) => ({ type: "supervisor.state", from: states[index], state, cause: "cause" })),
    );
  });
});
