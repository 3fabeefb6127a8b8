import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assert as check, property, string } from "fast-check";
import { didYouMean, editDistance, nearest } from "../../src/nearest.ts";

describe("the nearest name", () => {
  test("is found through a missing, a wrong, an added letter and a swap", () => {
    const known = ["status", "history", "why", "doctor"];
    for (const [typed, meant] of [
      ["statu", "status"],
      ["ststus", "status"],
      ["statuss", "status"],
      ["sttaus", "status"],
      ["hystory", "history"],
      ["WHY", "why"],
    ] as const) {
      assert.equal(nearest(typed, known), meant, typed);
    }
  });

  test("is none when nothing is near", () => {
    assert.equal(nearest("explode", ["status", "history", "why"]), undefined);
    assert.equal(didYouMean("explode", ["status"]), undefined);
    assert.equal(nearest("x", []), undefined);
  });

  test("is told as a question", () => {
    assert.equal(didYouMean("jsn", ["json", "watch"], "--"), "did you mean --json?");
  });

  test("is measured as a distance: symmetric, 0 for equal words alone, never more than the longer word", () => {
    const word = string({ maxLength: 12 });
    check(
      property(word, word, (a, b) => {
        const distance = editDistance(a, b);
        assert.equal(distance, editDistance(b, a));
        assert.equal(distance === 0, a === b);
        assert.ok(distance <= Math.max(a.length, b.length));
      }),
    );
  });
});
