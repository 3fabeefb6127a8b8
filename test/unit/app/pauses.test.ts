import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { initialContext, type UpdateContext } from "../../../machines/update-context.ts";
import { firstPause, nextPause } from "../../../src/app/pauses.ts";
import { randomFrom } from "../../support/random.ts";

const INSTANCES = 1_000;
const ROUNDS = 30;
const INTERVAL = 300_000;
const PARTS = 20;
const OPTIONS = { once: false, intervalMs: INTERVAL, backoffMaxMs: 3_600_000, firstDelayMs: INTERVAL };
const DIGEST = `sha256:${"a".repeat(64)}` as const;

const after = (failures: number, retryAfterMs?: number): UpdateContext => ({
  ...initialContext(OPTIONS),
  rounds: 1,
  failures,
  result:
    failures === 0
      ? { kind: "current", digest: DIGEST }
      : { kind: "failed", error: { code: "X", message: "x", retryable: true, ...(retryAfterMs && { retryAfterMs }) } },
});
const limit = (remaining: number) => ({ host: "r", limit: 100, remaining, windowSecs: 21_600 });
const chance = (seed: number): (() => number) => {
  const { below } = randomFrom(seed);
  return () => below(2 ** 31) / 2 ** 31;
};

/** How many of these moments fall into each part of a span. */
function spread(moments: readonly number[], from: number, span: number): number[] {
  const parts = Array.from({ length: PARTS }, () => 0);
  for (const moment of moments) {
    const part = Math.floor(((moment - from) / span) * PARTS);
    if (part >= 0 && part < PARTS) parts[part] = (parts[part] ?? 0) + 1;
  }
  return parts;
}

/** No part of the span has twice its share, nor less than a quarter of it: 1,000 by pure chance are within. */
function assertEven(moments: readonly number[], from: number, span: number): void {
  const share = moments.filter((moment) => moment >= from && moment < from + span).length / PARTS;
  for (const count of spread(moments, from, span))
    assert.ok(count > share / 4 && count < share * 2, JSON.stringify(spread(moments, from, span)));
}

describe("1,000 instances that start at one moment", () => {
  const schedules = Array.from({ length: INSTANCES }, (_, instance) => {
    const random = chance(instance);
    const moments = [firstPause(INTERVAL, random)];
    for (let round = 1; round < ROUNDS; round += 1)
      moments.push((moments.at(-1) ?? 0) + nextPause(after(0), undefined, random));
    return moments;
  });

  test("look for the first time spread evenly over one interval, after one interval on average", () => {
    const firsts = schedules.map((moments) => moments[0] ?? 0);
    assertEven(firsts, INTERVAL / 2, INTERVAL);
    const mean = firsts.reduce((sum, moment) => sum + moment, 0) / INSTANCES;
    assert.ok(Math.abs(mean - INTERVAL) < INTERVAL * 0.05, String(mean));
  });

  test("stay spread: no interval of the next hours has a clump", () => {
    const all = schedules.flat();
    for (let round = 2; round < ROUNDS - 5; round += 1) assertEven(all, round * INTERVAL, INTERVAL);
  });

  test("come back spread evenly after a failure that hit all of them at once, however often it does", () => {
    for (const [failures, bound] of [
      [1, 2 * INTERVAL],
      [2, 4 * INTERVAL],
      [9, OPTIONS.backoffMaxMs],
    ] as const) {
      const pauses = schedules.map((_, instance) => nextPause(after(failures), undefined, chance(instance + 7)));
      assertEven(pauses, INTERVAL / 10, bound - INTERVAL / 10);
    }
  });

  test("come back spread evenly after the moment that a registry named to all of them, never before it", () => {
    const asked = 7_200_000;
    const pauses = schedules.map((_, instance) => nextPause(after(1, asked), undefined, chance(instance + 3)));
    assert.ok(pauses.every((pause) => pause >= asked));
    assertEven(pauses, asked, INTERVAL);
  });
});

test("a pause after a failure is never shorter than what the registry asked for, also below our own bound", () => {
  const asked = 120_000;
  for (const random of [0, 0.01, 0.5]) assert.ok(nextPause(after(1, asked), undefined, () => random) >= asked);
  assert.equal(
    nextPause(after(1, asked), undefined, () => 1),
    2 * INTERVAL,
  );
});

test("checks come half as often while nothing is left of a registry's limit", () => {
  const half = (): number => 0.5;
  assert.equal(nextPause(after(0), limit(1), half), INTERVAL);
  assert.equal(nextPause(after(0), limit(0), half), 2 * INTERVAL);
  assert.equal(nextPause(after(0), undefined, half), INTERVAL);
});

test("a pause that was asked for is a day at most: past 2^31 ms a timer would fire at once", () => {
  const pause = nextPause(after(1, Number.MAX_SAFE_INTEGER), undefined, () => 1);
  assert.equal(pause, 86_400_000 + INTERVAL);
});
