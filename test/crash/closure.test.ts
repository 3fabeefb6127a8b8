/**
 * The supervisor machine, the store on a file system in memory, and an adversary (apps that commit, stage, exit, hang,
 * of our library and of the original; stops; the power, cut inside any step) explored together until nothing new comes.
 * Time and process ids are left out, so that it closes. The invariants are asked of every move, state and disk.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LIMITS } from "../../src/limits.ts";
import { ROLLBACK } from "../model/supervisor-model.ts";
import { A, B, C } from "./model/versions.ts";
import { differences } from "./closure/compare.ts";
import { type Closure, explore } from "./closure/explore.ts";
import { checkDisks, checkMoment, checkMove, checkStep } from "./closure/promises.ts";
import { longestWayToRest } from "./closure/rest.ts";

const WATCH = { onStep: checkStep, onMoment: checkMoment, onMove: checkMove };
const UNWATCHED = { onStep: () => {}, onMoment: () => {}, onMove: () => {} };

const figures = ({ layers, transitions, disks }: Closure): string =>
  `${layers.flat().length} states (new after each crash: ${layers.map((layer) => layer.length).join(", ")}), ` +
  `${transitions} transitions, ${disks.count()} disks`;

/** I12: a version on trial that does nothing and the newer one it has staged; before each the longest wait for a clean-up. */
const TWO_TRIALS_MS = 2 * (LIMITS.storeLockWaitMs + ROLLBACK.trialTimeoutMs);

describe("loader, volume and adversary", () => {
  test("keep every promise in every state: three versions, any number of crashes", async (t) => {
    const found = await explore({ versions: [A, B, C], crashes: Infinity }, WATCH);
    t.diagnostic(figures(found));
    await checkDisks(found.disks);
    const states = found.layers.flat();
    assert.ok(states.length >= 100_000 && found.layers.length > 3, "two crashes and more bring something new");
    const longest = longestWayToRest(states);
    t.diagnostic(`at rest after ${longest} ms of deadlines at most`);
    assert.ok(longest <= TWO_TRIALS_MS, `I12: ${longest} ms`);
  });

  for (const versions of [
    [A, B],
    [A, C],
  ]) {
    const names = versions.map(({ name }) => name).join(", ");
    test(`are not mistaken where states are taken for equal: versions ${names}, two crashes`, async (t) => {
      const exact = await explore({ versions, crashes: 2, exact: true }, UNWATCHED);
      const short = await explore({ versions, crashes: 2 }, UNWATCHED);
      t.diagnostic(`exact: ${figures(exact)}; short: ${figures(short)}`);
      assert.deepEqual(differences(exact, short), { lacking: 0, invented: 0 });
    });
  }
});
