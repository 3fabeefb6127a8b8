import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { supervisorMachine } from "../../machines/index.ts";
import { stateOf } from "../../src/supervisor/narrate.ts";
import { starts } from "./effects.ts";
import { keysReaching, pathsToStates } from "./explore.ts";
import { checkMove, checkSnapshot } from "./supervisor-invariants.ts";
import {
  exploreSupervisor,
  model,
  OPTIONS,
  type SupervisorEdge,
  type SupervisorExploration,
} from "./supervisor-model.ts";

const explorations: readonly SupervisorExploration[] = OPTIONS.map(exploreSupervisor);
const edges: readonly SupervisorEdge[] = explorations.flatMap((found) => found.edges);

describe("the supervisor machine, explored", () => {
  it("has the six states of the design and no other", () => {
    assert.deepEqual(Object.keys(supervisorMachine.states), [
      "idle",
      "launching",
      "trial",
      "committed",
      "rollingBack",
      "exited",
    ]);
  });

  it("reaches every atomic state", (t) => {
    const entered = new Set(["idle", ...edges.flatMap((edge) => edge.entered)]);
    assert.deepEqual(
      model.leaves.filter((leaf) => !entered.has(leaf)),
      [],
    );
    for (const [index, { states, edges }] of explorations.entries()) {
      t.diagnostic(`${JSON.stringify(OPTIONS[index])}: ${states.size} states, ${edges.length} transitions`);
    }
  });

  it("takes every declared transition", (t) => {
    const took = new Set(edges.flatMap((edge) => edge.took));
    const declared = model.transitions.map(({ name }) => name);
    assert.equal(new Set(declared).size, declared.length, "names are unique");
    assert.deepEqual(
      declared.filter((name) => !took.has(name)),
      [],
    );
    assert.deepEqual([...took].sort(), [...declared].sort());
    t.diagnostic(`${declared.length} declared transitions, all taken`);
  });

  it("keeps its invariants in every reachable state", () => {
    for (const { states } of explorations) for (const snapshot of states.values()) checkSnapshot(snapshot);
  });

  it("keeps its invariants in every event of every reachable state", () => {
    for (const edge of edges) checkMove(edge);
  });

  it("has no dead end: exited can be reached from everywhere", () => {
    for (const found of explorations) {
      const finals = [...found.states].filter(([, { status }]) => status === "done").map(([key]) => key);
      const reaching = keysReaching(found.edges, finals);
      assert.deepEqual(
        [...found.states.keys()].filter((key) => !reaching.has(key)),
        [],
      );
    }
  });

  it("stops the loser only after its claim", () => {
    const stopping = edges.filter((edge) => edge.entered.includes("rollingBack.stopping"));
    assert.ok(stopping.length > 0);
    for (const { before } of stopping) assert.ok(before.matches({ rollingBack: "claiming" }));
  });

  it("turns committed into a state of the same child: only a launch starts one on the way there", () => {
    const entering = edges.filter((edge) => !edge.before.matches("committed") && edge.after.matches("committed"));
    const origins = new Set(entering.map(({ before }) => stateOf(before)));
    assert.deepEqual([...origins].sort(), ["launching", "rollingBack", "trial"]);
    for (const { before, effects } of entering) {
      assert.equal(starts(effects, "child"), before.matches("launching") ? 1 : 0);
    }
  });
});

describe("the supervisor machine after SHUTDOWN", () => {
  const isAsked = ({ before }: SupervisorEdge): boolean => before.context.shutdown !== null;

  it("ends with the next exit of a child on trial or committed", () => {
    const exits = edges.filter(
      (edge) =>
        isAsked(edge) &&
        edge.event.type === "CHILD.EXITED" &&
        (edge.before.matches("trial") || edge.before.matches("committed")),
    );
    assert.ok(exits.length > 0);
    for (const { after } of exits) assert.equal(after.value, "exited");
  });

  it("ends at once where no child runs and nothing is being taken back", () => {
    const asked = edges.filter(
      ({ before, event }) => event.type === "SHUTDOWN" && (before.matches("idle") || before.matches("launching")),
    );
    assert.ok(asked.length > 0);
    for (const { after } of asked) assert.equal(after.value, "exited");
  });

  it("runs out of events: whatever comes, in any order, the end is exited within a few", (t) => {
    for (const found of explorations) {
      const moving = found.edges.filter((edge) => isAsked(edge) && edge.from !== edge.to);
      const outgoing = Map.groupBy(moving, (edge) => edge.from);
      const longest = new Map<string, number>();
      const open = new Set<string>();
      const longestFrom = (key: string): number => {
        const known = longest.get(key);
        if (known !== undefined) return known;
        assert.ok(!open.has(key), `a circle through ${key}`);
        open.add(key);
        const next = outgoing.get(key) ?? [];
        if (next.length === 0) assert.equal(found.states.get(key)?.status, "done", `stuck in ${key}`);
        const length = next.length === 0 ? 0 : 1 + Math.max(...next.map(({ to }) => longestFrom(to)));
        longest.set(key, length);
        return length;
      };
      const most = Math.max(...moving.map(({ from }) => longestFrom(from)));
      assert.ok(most <= 8, `up to ${most} events`);
      t.diagnostic(`at most ${most} events after SHUTDOWN`);
    }
  });

  it("starts nothing any more", () => {
    const asked = edges.filter((edge) => isAsked(edge) || edge.event.type === "SHUTDOWN");
    assert.ok(asked.length > 0);
    for (const { effects } of asked) assert.equal(starts(effects, "child"), 0);
  });
});

describe("the exploration", () => {
  it("finds a path to every state it lists", () => {
    for (const found of explorations) assert.equal(pathsToStates(found).size, found.states.size);
  });
});
