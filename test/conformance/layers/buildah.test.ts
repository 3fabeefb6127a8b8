import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { needs } from "../../support/preconditions.ts";
import { againstBuildah } from "./support/buildah.ts";
import { BUILDAH_DIFFERENCES } from "./support/buildah-differences.ts";
import { PLAIN, randomStack } from "./support/generate.ts";
import { Scratch } from "./support/tools.ts";

/** As many as with umoci, plain ones: see PLAIN. */
const STACKS = 2_000;
const FIRST_SEED = Number(process.env["LAYERS_SEED"] ?? 1);
const AT_A_TIME = 2;
const SCRATCH_BYTES = 2 ** 28;

describe(
  "plain stacks of layers make the trees that buildah mounts",
  needs("comparisons with buildah", ["buildah"]),
  () => {
    const met = new Map<string, number>();

    it(`${STACKS} stacks from seed ${FIRST_SEED}`, async (test) => {
      using scratch = new Scratch(SCRATCH_BYTES);
      const unexplained: string[] = [];
      let refused = 0;
      let seed = FIRST_SEED;
      const worker = async (): Promise<void> => {
        while (seed < FIRST_SEED + STACKS && unexplained.length === 0) {
          const mine = seed++;
          const outcome = await againstBuildah(scratch.path, String(mine), randomStack(mine, PLAIN));
          if (outcome.refused) refused += 1;
          unexplained.push(...outcome.unexplained.map((what) => `LAYERS_SEED=${mine}: ${what}`));
          for (const name of outcome.known) met.set(name, (met.get(name) ?? 0) + 1);
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, worker));
      assert.deepEqual(unexplained, []);
      test.diagnostic(
        `${STACKS - refused} trees compared; ${refused} refused by buildah for a path that is named twice`,
      );
      assert.ok(refused < STACKS / 5, `${refused} stacks were refused`);
    });

    it("and every difference on the list is met", (test) => {
      for (const { name } of BUILDAH_DIFFERENCES) {
        test.diagnostic(`${name}: in ${met.get(name) ?? 0} stacks`);
        assert.ok(met.has(name), `no stack shows: ${name}`);
      }
    });
  },
);
