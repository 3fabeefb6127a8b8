/**
 * The supervisor machine, the store on a file system in memory, and an adversary (apps that commit, stage, exit, hang,
 * of our library and of the original; stops; the power, cut inside any step) explored together until nothing new comes.
 * Time and process ids are left out, so that it closes. The invariants are asked of every move, state and disk.
 */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SETTINGS } from "../../src/config/table.ts";
import { LIMITS } from "../../src/limits.ts";
import { ROLLBACK } from "../model/supervisor-model.ts";
import { A, B, C } from "./model/versions.ts";
import { close } from "./closure/close.ts";
import { differences } from "./closure/compare.ts";
import { type Closure, explore } from "./closure/explore.ts";
import { longestWayToRest } from "./closure/rest.ts";

const UNWATCHED = { onStep: () => {}, onMoment: () => {}, onMove: () => {} };

const figures = ({ layers, transitions, volumes }: Closure): string =>
  `${layers.flat().length} states (new after each crash: ${layers.map((layer) => layer.length).join(", ")}), ` +
  `${transitions} transitions, ${volumes} disks`;

/** I12: a version on trial that does nothing and the newer one it has staged; before each the longest wait for a clean-up. */
const TWO_TRIALS_MS = 2 * (LIMITS.storeLockWaitMs + ROLLBACK.trialTimeoutMs + SETTINGS.stopGraceMs.fallback);

/** Which of A, B and C is linked with the original library. `CRASH_FULL=1`: the second way to its end as well. */
const WAYS = [
  { original: B, crashes: Infinity, least: 100_000 },
  { original: C, crashes: process.env["CRASH_FULL"] === "1" ? Infinity : 1, least: 20_000 },
];

describe("loader, volume and adversary", () => {
  for (const { original, crashes, least } of WAYS) {
    const often = crashes === Infinity ? "any number of crashes" : `${crashes} crash`;
    test(`keep every promise in every state: A, B, C, ${original.name} of the original, ${often}`, async (t) => {
      const found = await close({ versions: [A, B, C], original, crashes });
      t.diagnostic(figures(found));
      const states = found.layers.flat();
      assert.ok(states.length >= least, `${states.length} states`);
      const longest = longestWayToRest(states);
      t.diagnostic(`at rest after ${longest} ms of deadlines at most`);
      assert.ok(longest <= TWO_TRIALS_MS, `I12: ${longest} ms`);
    });
  }

  for (const newer of [B, C]) {
    test(`are not mistaken where states are taken for equal: A, ${newer.name}, two crashes`, async (t) => {
      const settings = { versions: [A, newer], original: B, crashes: 2 };
      const exact = await explore({ ...settings, exact: true }, UNWATCHED);
      const short = await explore(settings, UNWATCHED);
      t.diagnostic(`exact: ${figures(exact)}; short: ${figures(short)}`);
      assert.deepEqual(differences(exact, short), { lacking: 0, invented: 0 });
    });
  }
});
