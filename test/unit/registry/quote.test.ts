import assert from "node:assert/strict";
import { test } from "node:test";
import { cut, quote } from "../../../src/registry/quote.ts";

test("a value is shown as JSON, cut, and in one direction on one line", () => {
  assert.equal(quote({ a: [1] }), '{"a":[1]}');
  assert.equal(quote(undefined), "undefined");
  assert.equal(quote("x".repeat(10_000)).length, 121);
  assert.equal(quote("12345", 3), '"12…');
  assert.equal(quote("a\nb\u202ec\u2028d"), '"a\\nb?c?d"');
  assert.equal(cut("a\u0007b"), "a?b");
  assert.equal(cut("y".repeat(10_000)).length, 401);
});
