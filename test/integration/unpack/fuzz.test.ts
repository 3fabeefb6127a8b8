import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Scratch } from "../../conformance/layers/support/tools.ts";
import { fuzzIn } from "./fuzz/run.ts";
import type { FuzzWork } from "./fuzz/worker.ts";

const FIRST_SEED = Number(process.env["FUZZ_SEED"] ?? 1);
const THREADS = 2;
const PARTS = 5;
/** CI runs all of them, a developer's `npm test` a tenth; FUZZ_SEED gives other ones. */
const FEWER = process.env["CI"] === "true" ? 1 : 10;
const MUTATED = 100_000 / FEWER;
const NOISE = 10_000 / FEWER;
const SCRATCH_BYTES = 2 ** 28;
/** The most that all threads and buffers of a part may add to this process, in MiB. */
const GROWTH_MB = 384;

/** Shares the runs out to threads and adds up what came of them. */
async function fuzz(kind: FuzzWork["kind"], runs: number, firstSeed: number): Promise<Record<string, number>> {
  using scratch = new Scratch(SCRATCH_BYTES);
  const before = process.memoryUsage.rss();
  const shares = Array.from({ length: THREADS }, (_, thread) =>
    fuzzIn(scratch.path, { kind, runs: runs / THREADS, firstSeed: firstSeed + (thread * runs) / THREADS }),
  );
  const reports = await Promise.all(shares);
  const grown = (process.memoryUsage.rss() - before) / 2 ** 20;
  assert.deepEqual(
    reports.flatMap(({ failures }) => failures),
    [],
  );
  assert.ok(grown < GROWTH_MB, `the process grew by ${grown.toFixed(0)} MiB`);
  const sums: Record<string, number> = { accepted: 0 };
  for (const { accepted, codes } of reports) {
    for (const [code, count] of [["accepted", accepted] as const, ...Object.entries(codes)]) {
      sums[code] = (sums[code] ?? 0) + count;
    }
  }
  return sums;
}

describe("broken layers are refused with a code of theirs, or applied, and change nothing outside", () => {
  for (let part = 0; part < PARTS; part += 1) {
    const runs = MUTATED / PARTS;
    const firstSeed = FIRST_SEED + part * runs;
    it(`${runs} mutated layers from seed ${firstSeed}`, async (test) => {
      const sums = await fuzz("mutated", runs, firstSeed);
      test.diagnostic(JSON.stringify(sums));
      // Without both the mutations were too harsh or too tame to test anything.
      assert.ok((sums["accepted"] ?? 0) > runs / 20 && (sums["LAYER_CORRUPT"] ?? 0) > runs / 20);
    });
  }

  it(`${NOISE} random streams from seed ${FIRST_SEED}`, async (test) => {
    test.diagnostic(JSON.stringify(await fuzz("noise", NOISE, FIRST_SEED)));
  });
});
