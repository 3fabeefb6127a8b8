import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { needs } from "../../support/preconditions.ts";
import { KNOWN_DIFFERENCES } from "./support/differences.ts";
import { EVERYTHING, randomStack } from "./support/generate.ts";
import { Scratch } from "./support/tools.ts";
import { againstUmoci, type Outcome } from "./support/umoci.ts";

/** Parts, so that a difference is told soon and no test is long; a part compares the trees of this many stacks. */
const PARTS = 8;
const STACKS = 250;
/** Seeds of a part: some more than stacks, because both may refuse one. */
const SEEDS = 1_000;
const FIRST_SEED = Number(process.env["LAYERS_SEED"] ?? 1);
const AT_A_TIME = 2;
const SCRATCH_BYTES = 2 ** 28;

/** Compares stacks until enough trees were compared; stops at the first difference that has no name. */
async function compareFrom(folder: string, firstSeed: number): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  const unexplained: string[] = [];
  let seed = firstSeed;
  let compared = 0;
  const worker = async (): Promise<void> => {
    while (compared < STACKS && unexplained.length === 0) {
      const mine = seed++;
      const outcome = await againstUmoci(folder, String(mine), randomStack(mine, EVERYTHING));
      for (const what of outcome.unexplained) unexplained.push(`LAYERS_SEED=${mine}: ${what}`);
      if (outcome.kind === "compared") compared += 1;
      outcomes.push(outcome);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  assert.deepEqual(unexplained, []);
  assert.ok(outcomes.length < STACKS * 1.2, `${outcomes.length} stacks were needed: too many are refused`);
  return outcomes;
}

describe("random stacks of layers make the trees that umoci makes", needs("comparisons with umoci", ["umoci"]), () => {
  const all: Outcome[] = [];

  for (let part = 0; part < PARTS; part += 1) {
    const firstSeed = FIRST_SEED + part * SEEDS;
    it(`${STACKS} stacks from seed ${firstSeed}`, async () => {
      using scratch = new Scratch(SCRATCH_BYTES);
      all.push(...(await compareFrom(scratch.path, firstSeed)));
    });
  }

  it("and every difference on the list is met", (test) => {
    const count = (kind: Outcome["kind"]): number => all.filter((outcome) => outcome.kind === kind).length;
    test.diagnostic(
      `${count("compared")} trees compared; refused: ${count("both refuse")} by both, ${count("umoci alone refuses")} by umoci alone`,
    );
    for (const { name } of KNOWN_DIFFERENCES) {
      const stacks = all.filter(({ known }) => known.includes(name)).length;
      test.diagnostic(`${name}: in ${stacks} stacks`);
      assert.ok(stacks > 0, `no stack shows: ${name}`);
    }
  });
});
