/** The teeth of T0: each of these protocols is wrong, and the sweep has to say so. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { loadMutant, MUTANTS } from "./model/mutants.ts";

const LEAST_MUTANTS = 25;

test("there are enough mutants, each with a name of its own", () => {
  assert.ok(new Set(MUTANTS.map(({ name }) => name)).size >= LEAST_MUTANTS);
});

for (const [id, mutant] of MUTANTS.entries()) {
  test(`caught: ${mutant.name}`, async (t) => {
    const { sweep, SCENARIOS } = await loadMutant(mutant, id);
    for (const recoverEvery of [0, 1]) {
      for (const scenario of SCENARIOS) {
        const caught = await sweepOrFault(sweep, scenario, recoverEvery);
        if (caught === undefined) continue;
        t.diagnostic(`${scenario.name}: ${caught}`);
        return;
      }
    }
    assert.fail("the mutant survived");
  });
}

/** The first violation; a mutant that throws in the middle of its own story is caught as well. */
async function sweepOrFault(
  sweep: Awaited<ReturnType<typeof loadMutant>>["sweep"],
  scenario: Parameters<typeof sweep>[0],
  recoverEvery: number,
): Promise<string | undefined> {
  try {
    const { violations } = await sweep(scenario, { recoverEvery, hasty: true });
    return violations[0] === undefined ? undefined : `${violations[0].what} (after ${violations[0].last})`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
