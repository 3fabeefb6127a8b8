/**
 * The one-file machines for Stately Studio are the machines: they import nothing but xstate, and in every reachable state
 * every event that can happen does the same in both, guards, updates, effects and entered states included.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import type { AnyStateMachine } from "xstate";
import { supervisorMachine, updateMachine } from "../../machines/index.ts";
import { type Exploration, explore } from "./explore.ts";
import { instrument } from "./instrument.ts";
import * as supervisor from "./supervisor-model.ts";
import { toEvent } from "./supervisor-steps.ts";
import * as update from "./update-model.ts";

const FOLDER = join(import.meta.dirname, "../../machines/studio");

async function load(id: string): Promise<AnyStateMachine> {
  const exports = (await import(join(FOLDER, `${id}.js`))) as Readonly<Record<string, AnyStateMachine>>;
  const machine = exports[`${id}Machine`];
  assert.ok(machine !== undefined);
  return machine;
}

/** All that a machine does, as data: what follows from what, with which effects, through which states. */
function deeds({
  initial,
  edges,
}: Exploration<{ readonly status: string; readonly output?: unknown }, unknown>): object {
  return {
    initial,
    edges: edges.map(({ from, to, event, effects, took, entered, after }) => ({
      step: `${from} ${JSON.stringify(event)} ${to}`,
      effects: effects.map(({ type }) => type),
      took,
      entered,
      output: after.output,
    })),
  };
}

function deedsOfSupervisor(machine: AnyStateMachine, input: unknown): object {
  const events = (snapshot: supervisor.Snapshot) => supervisor.possibleSteps(snapshot).map(toEvent);
  return deeds(explore({ machine: instrument(machine).machine, input, events, key: supervisor.keyOf }));
}

function deedsOfUpdate(machine: AnyStateMachine, input: unknown): object {
  const events = (snapshot: update.Snapshot) => update.possibleSteps(snapshot).map(update.toEvent);
  return deeds(explore({ machine: instrument(machine).machine, input, events, key: update.keyOf }));
}

describe("the machines for Stately Studio", () => {
  for (const id of ["supervisor", "update"]) {
    it(`${id}: one file that stands alone`, () => {
      const text = readFileSync(join(FOLDER, `${id}.js`), "utf8");
      const sources = [...text.matchAll(/\bfrom "([^"]+)"|\bimport\("([^"]+)"\)/g)].map(
        ([, from, late]) => from ?? late,
      );
      assert.deepEqual([...new Set(sources)], ["xstate"]);
      assert.equal(text.split("= setup({").length, 2);
      assert.equal(text.split("}).createMachine({").length, 2);
    });
  }

  it("supervisor: does what the machine does, whatever happens", async () => {
    const studio = await load("supervisor");
    for (const options of supervisor.OPTIONS) {
      assert.deepEqual(deedsOfSupervisor(studio, options), deedsOfSupervisor(supervisorMachine, options));
    }
  });

  it("update: does what the machine does, whatever happens", async () => {
    const studio = await load("update");
    for (const options of [update.ONCE, update.LOOP]) {
      assert.deepEqual(deedsOfUpdate(studio, options), deedsOfUpdate(updateMachine, options));
    }
  });
});
