/** The teeth of T0: each of these protocols is wrong, and the sweep has to say so. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { loadMutant, type Loaded } from "./mutants/load.ts";
import { MUTANTS } from "./mutants/list.ts";

const LEAST_MUTANTS = 25;

describe("a protocol that is broken on purpose", () => {
  test("has enough variants, each with a name of its own", () => {
    assert.ok(new Set(MUTANTS.map(({ name }) => name)).size >= LEAST_MUTANTS);
    assert.equal(new Set(MUTANTS.map(({ name }) => name)).size, MUTANTS.length);
  });

  for (const [id, mutant] of MUTANTS.entries()) {
    test(`is caught: ${mutant.name}`, async (t) => {
      const caught = await firstViolation(await loadMutant(mutant, id), mutant.caughtIn);
      t.diagnostic(`${mutant.caughtIn}: ${caught}`);
      assert.ok(caught !== undefined, `the mutant survived "${mutant.caughtIn}"`);
    });
  }
});

/** Crashes first, then crashes inside the recovery from them. One that breaks its own story is caught as well. */
async function firstViolation({ sweep, SCENARIOS }: Loaded, name: string): Promise<string | undefined> {
  const scenario = SCENARIOS.find((other) => other.name === name);
  assert.ok(scenario !== undefined, `there is no scenario "${name}"`);
  for (const recoverEvery of [0, 1]) {
    try {
      const { violations } = await sweep(scenario, { recoverEvery, hasty: true });
      if (violations[0] !== undefined) return `${violations[0].what} (after ${violations[0].last})`;
    } catch (error) {
      if (error instanceof TypeError || error instanceof ReferenceError) throw error;
      return `it fails by itself: ${String(error)}`;
    }
  }
  return undefined;
}
