/** The view that live view, metrics and `why` share, from single events: what each changes, and what it leaves alone. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Digest } from "../../../src/digest.ts";
import { reduce } from "../../../src/inspect/reduce.ts";
import { EMPTY_VIEW, type View } from "../../../src/inspect/view.ts";
import type { LoaderEvent } from "../../../src/log/events.ts";
import type { Recorded } from "../../../src/log/parse.ts";

const digest = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const [OLD, NEW] = [digest("a"), digest("b")];
const TIME = "2026-01-02T03:04:05.000Z";

function recorded(event: LoaderEvent): Recorded {
  return { time: TIME, level: "info", message: "", component: "loader", pid: 7, event };
}

const after = (...events: readonly LoaderEvent[]): View => events.map(recorded).reduce(reduce, EMPTY_VIEW);

const STARTED: readonly LoaderEvent[] = [
  { type: "loader.started", entrypoint: "/e", version: "1" },
  { type: "child.spawned", childPid: 9, digest: OLD, trial: false },
  { type: "supervisor.state", from: "launching", state: "committed", cause: "done" },
  { type: "store.links", stable: OLD, staged: null, trial: null, previous: null },
];
const BLAMED: LoaderEvent = {
  type: "version.blamed",
  digest: NEW,
  at: TIME,
  reason: { kind: "timeout", afterMs: 1 },
};

describe("the view", () => {
  test("forgets a failure and nothing else when somebody wants the version to be tried again", () => {
    const failed = after(...STARTED, BLAMED);
    assert.deepEqual(
      failed.failed.map((one) => one.digest),
      [NEW],
    );
    const forgotten = reduce(failed, recorded({ type: "version.forgotten", digest: NEW }));
    assert.deepEqual(forgotten, after(...STARTED));
  });

  test("is the same object after an event that is for the time line alone: nothing is drawn again", () => {
    const view = after(...STARTED);
    assert.equal(reduce(view, recorded({ type: "registry.note", message: "x" })), view);
  });

  test("knows the end of a trial from its start, and drops it with the commit", () => {
    const trial = after(
      { type: "child.spawned", childPid: 9, digest: NEW, trial: true, timeoutMs: 10_000, label: "2.0" },
      { type: "supervisor.state", from: "launching", state: "trial", cause: "done" },
    );
    assert.equal(trial.child?.trialUntil, "2026-01-02T03:04:15.000Z");
    assert.deepEqual(
      trial.versions.map(({ fate, label }) => [fate, label]),
      [["on trial", "2.0"]],
    );
    const event: LoaderEvent = { type: "supervisor.state", from: "trial", state: "committed", cause: "LINK.COMMITTED" };
    const committed = reduce(trial, recorded(event));
    assert.equal(committed.child?.trialUntil, null);
  });

  test("calls one version committed, and the one before it replaced", () => {
    const view = after(
      ...STARTED,
      { type: "child.spawned", childPid: 10, digest: NEW, trial: true },
      {
        type: "trial.kept",
        digest: NEW,
      },
    );
    assert.deepEqual(
      view.versions.map((one) => [one.digest, one.fate]),
      [
        [NEW, "committed"],
        [OLD, "replaced"],
      ],
    );
  });

  test("begins a new list of layers with every download", () => {
    const layer = { type: "layer.progress", digest: digest("c"), bytes: 1, total: 2 } as const;
    const loading = after({ type: "update.available", digest: NEW, reference: "r" }, layer);
    assert.deepEqual(loading.layers, [{ digest: digest("c"), bytes: 1, total: 2, state: "loading" }]);
    const next = reduce(loading, recorded({ type: "update.available", digest: OLD, reference: "r" }));
    assert.deepEqual(next.layers, []);
  });

  test("has no child and no running update once the loader has ended, and still says in which state it was", () => {
    const view = after(...STARTED, { type: "loader.exited", exitCode: 0 });
    assert.deepEqual([view.loader, view.child, view.supervisor.state], [null, null, "committed"]);
  });
});
