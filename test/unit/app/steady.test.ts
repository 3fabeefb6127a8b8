import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { lookAgain, type Opinion } from "../../../src/app/steady.ts";
import type { Digest } from "../../../src/digest.ts";
import { LIMITS } from "../../../src/limits.ts";
import type { SteadinessRecord } from "../../../src/store/records.ts";
import { randomFrom } from "../../support/random.ts";

const digest = (letter: string): Digest => `sha256:${letter.repeat(64)}`;
const [A, B, C] = [digest("a"), digest("b"), digest("c")];
const reference = "r.example/app:1";

/** An instance that runs whatever it is not held back from. */
function instance(first: Digest) {
  let current = first;
  let record: SteadinessRecord | undefined;
  const switches: Digest[] = [];
  const check = (latest: Digest, at = reference): Opinion["held"] => {
    // As it comes back from the disk.
    const before = record === undefined ? undefined : (JSON.parse(JSON.stringify(record)) as SteadinessRecord);
    const opinion = lookAgain(before, { reference: at, current, latest });
    record = opinion.record;
    if (latest !== current && opinion.held === undefined) switches.push((current = latest));
    return opinion.held;
  };
  return { check, switches };
}

describe("a tag", () => {
  test("that shows a version which never ran here is believed at once", () => {
    const { check, switches } = instance(A);
    for (const latest of [A, B, B, C]) assert.equal(check(latest), undefined);
    assert.deepEqual(switches, [B, C]);
  });

  test("that goes back to a version which ran here is believed after three checks in a row", () => {
    const { check, switches } = instance(A);
    check(B);
    check(B);
    assert.deepEqual(check(A), { seen: 1, needed: 3 });
    assert.deepEqual(check(A), { seen: 2, needed: 3 });
    assert.equal(check(A), undefined);
    assert.deepEqual(switches, [B, A]);
  });

  test("that swings back meanwhile has to be steadier each time, up to a limit; a new version starts anew", () => {
    const { check, switches } = instance(A);
    check(B);
    check(B);
    for (const needed of [3, 6, 12, 24, 24]) {
      assert.deepEqual(check(A), { seen: 1, needed });
      assert.deepEqual(check(A), { seen: 2, needed });
      assert.equal(check(B), undefined);
    }
    check(C);
    check(C);
    assert.deepEqual(check(B), { seen: 1, needed: 3 });
    assert.deepEqual(switches, [B, C]);
  });

  test("of another name has no past; nor has one whose record makes no sense", () => {
    const { check } = instance(A);
    check(B);
    check(B);
    assert.equal(check(A, "r.example/other:1"), undefined);
    const nonsense = { reference, ran: "x", digest: A } as unknown as SteadinessRecord;
    assert.equal(lookAgain(nonsense, { reference, current: B, latest: A }).held, undefined);
  });

  test("whose versions take turns switches once", () => {
    const { check, switches } = instance(A);
    for (let turn = 0; turn < 1_000; turn += 1) check(turn % 2 === 0 ? B : A);
    assert.deepEqual(switches, [B]);
  });

  test("whose versions answer by chance switches hardly more often, in 200 lives of 1,000 checks", () => {
    const counts = Array.from({ length: 200 }, (_, seed) => {
      const { pick } = randomFrom(seed);
      const { check, switches } = instance(A);
      for (let turn = 0; turn < 1_000; turn += 1) check(pick([A, B]));
      return switches.length;
    });
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    assert.ok(Math.max(...counts) <= 5 && mean < 1.5, JSON.stringify(counts));
  });

  test("keeps a bounded past", () => {
    let opinion = lookAgain(undefined, { reference, current: A, latest: A });
    for (let version = 0; version < 40; version += 1) {
      const current: Digest = `sha256:${String(version).padStart(64, "0")}`;
      opinion = lookAgain(opinion.record, { reference, current, latest: current });
    }
    assert.equal(opinion.record.ran.length, LIMITS.steadyVersions);
    assert.ok(!opinion.record.ran.includes(A));
  });
});
