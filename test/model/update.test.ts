import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { initialTransition } from "xstate";
import { updateMachine } from "../../machines/index.ts";
import { inputOf, timers } from "./effects.ts";
import { keysReaching } from "./explore.ts";
import { advance, after, CHECK, current, done, ELAPSED, exploreUpdate, failed, FAULT, found } from "./update-model.ts";
import { LOOP, model, ONCE, PORTS, refused, releaseNamed, startOf, STOP, type UpdateStep } from "./update-model.ts";

const explorations = [exploreUpdate(ONCE), exploreUpdate(LOOP)];
const edges = explorations.flatMap((found) => found.edges);
const NEWER = releaseNamed("c");
const staging = [found(NEWER), done("download"), done("extract")];

describe("the update machine, explored", () => {
  it("has a state for each step of an update", () => {
    for (const port of PORTS) assert.ok(port in updateMachine.states, port);
  });

  it("reaches every state and takes every declared transition", (t) => {
    const entered = new Set([startOf(ONCE).value, startOf(LOOP).value, "starting"]);
    for (const edge of edges) for (const state of edge.entered) entered.add(state);
    assert.deepEqual(
      model.leaves.filter((leaf) => !entered.has(leaf)),
      [],
    );
    const initial = [ONCE, LOOP].flatMap((options) => initialTransition(model.machine, options)[1]);
    const started = initial.flatMap(({ params }) => (params as { name?: string } | undefined)?.name ?? []);
    const took = new Set([...started, ...edges.flatMap((edge) => edge.took)]);
    assert.deepEqual(
      model.transitions.map(({ name }) => name).filter((name) => !took.has(name)),
      [],
    );
    for (const { states, edges } of explorations) t.diagnostic(`${states.size} states, ${edges.length} transitions`);
  });

  it("never fails, and has a result when a round has ended it", () => {
    for (const { states } of explorations) {
      for (const { status, value, output } of states.values()) {
        assert.notEqual(status, "error");
        assert.equal(status === "done", ["staged", "done", "stopped"].includes(value));
        if (value === "staged") assert.equal(output?.kind, "staged");
        if (value === "done") assert.ok(["current", "refused", "failed"].includes(output?.kind ?? ""));
      }
    }
  });

  it("has no dead end", () => {
    for (const found of explorations) {
      const finals = [...found.states].filter(([, { status }]) => status === "done").map(([key]) => key);
      assert.equal(keysReaching(found.edges, finals).size, found.states.size);
    }
  });

  it("stages only what was checked, downloaded and extracted, in this order", () => {
    const origin = { download: "check", extract: "download", stageAttempt: "extract", staged: "stageAttempt" };
    for (const [state, before] of Object.entries(origin)) {
      const entering = edges.filter((edge) => edge.entered.includes(state));
      assert.ok(entering.length > 0);
      for (const edge of entering) assert.equal(edge.before.value, before);
    }
  });

  it("hands the release of this round, and no older one, to every port", () => {
    const older = releaseNamed("d");
    const steps: UpdateStep[] = [ELAPSED, found(older), failed("download"), ELAPSED, ...staging];
    let snapshot = startOf(LOOP);
    for (const step of steps) {
      const move = advance(snapshot, step);
      const release = steps.indexOf(step) < 3 ? older : NEWER;
      for (const port of ["download", "extract", "stageAttempt"]) {
        const input = inputOf(move.effects, `0.update.${port}`);
        if (input !== undefined) assert.deepEqual(input, { release });
      }
      snapshot = move.after;
    }
    assert.equal(snapshot.value, "stageAttempt");
  });

  it("ends with STOP from every state", () => {
    const stops = edges.filter(({ event }) => event.type === "STOP");
    assert.equal(new Set(stops.map(({ before }) => before.value)).size, PORTS.length + 1);
    for (const { after } of stops) assert.deepEqual([after.value, after.status], ["stopped", "done"]);
  });
});

describe("one round", () => {
  it("ends with what it found", () => {
    assert.deepEqual(after(ONCE, ...staging, done("stageAttempt")).output, { kind: "staged", digest: NEWER.digest });
    assert.equal(after(ONCE, current).output?.kind, "current");
    assert.equal(after(ONCE, refused).output?.kind, "refused");
    assert.equal(after(ONCE, STOP).output, null);
  });

  it("ends with the fault of the step that failed, and starts nothing else", () => {
    for (const [index, port] of PORTS.entries()) {
      const snapshot = after(ONCE, ...staging.slice(0, index), failed(port));
      assert.equal(snapshot.value, "done");
      assert.deepEqual(snapshot.output, { kind: "failed", error: FAULT });
      assert.deepEqual(Object.keys(snapshot.children), []);
    }
  });

  it("ends with a fault for whatever else a port rejects with, null included", () => {
    for (const error of [new Error("bug"), "bug", null]) {
      const { output } = after(ONCE, failed("check", error as never));
      assert.equal(output?.kind, "failed");
      assert.equal(output?.kind === "failed" && output.error.code, "INTERNAL");
    }
  });

  it("is begun by CHECK without waiting for the pause", () => {
    assert.equal(after(LOOP, CHECK).value, "check");
    assert.equal(after(LOOP, ELAPSED, CHECK).value, "check");
  });
});

describe("the pause between rounds", () => {
  /** Milliseconds the loop rests after the last of these steps. */
  function pause(...steps: readonly [...UpdateStep[], UpdateStep]): number | undefined {
    const last = advance(after(LOOP, ...steps.slice(0, -1)), steps.at(-1) ?? STOP);
    return timers(last.effects)["xstate.after.pause.update.idle"];
  }
  const failing = (times: number) => Array.from({ length: times }, () => [ELAPSED, failed("check")]).flat();
  const asking = (retryAfterMs: number): UpdateStep => failed("check", { ...FAULT, retryAfterMs });

  it("is the first delay, then the interval", () => {
    const [, effects] = initialTransition(updateMachine, LOOP);
    assert.equal(timers(effects)["xstate.after.pause.update.idle"], LOOP.firstDelayMs);
    assert.equal(pause(ELAPSED, current), LOOP.intervalMs);
  });

  it("doubles with every failure up to the cap, and is the interval again after a success", () => {
    const seen = [0, 1, 2, 3, 30].map((times) => pause(...failing(times), ELAPSED, found(NEWER), failed("download")));
    assert.deepEqual(
      seen,
      [2, 4, 8, 12, 12].map((intervals) => intervals * LOOP.intervalMs),
    );
    assert.equal(pause(...failing(4), ELAPSED, refused), LOOP.intervalMs);
  });

  it("is as long as the registry asks, when that is longer", () => {
    assert.equal(pause(ELAPSED, asking(7_200_000)), 7_200_000);
    assert.equal(pause(ELAPSED, asking(1)), 2 * LOOP.intervalMs);
  });

  it("is a day at most, whatever the registry asks: a longer timer would fire at once", () => {
    for (const asked of [2 ** 31, 1e12, Number.MAX_VALUE]) assert.equal(pause(ELAPSED, asking(asked)), 86_400_000);
  });
});
