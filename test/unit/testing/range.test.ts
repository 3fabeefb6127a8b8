import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRange } from "../../../src/testing/range.ts";

test("a closed, an open and a suffix range name the bytes RFC 9110 says", () => {
  assert.deepEqual(parseRange("bytes=2-5", 10), { first: 2, last: 5 });
  assert.deepEqual(parseRange("bytes=2-", 10), { first: 2, last: 9 });
  assert.deepEqual(parseRange("bytes=-3", 10), { first: 7, last: 9 });
});

test("a range that reaches past the end stops at the last byte", () => {
  assert.deepEqual(parseRange("bytes=8-99", 10), { first: 8, last: 9 });
  assert.deepEqual(parseRange("bytes=-99", 10), { first: 0, last: 9 });
});

test("a range that begins past the end, or is empty, cannot be satisfied", () => {
  for (const header of ["bytes=10-", "bytes=10-12", "bytes=-0"]) assert.equal(parseRange(header, 10), "unsatisfiable");
  assert.equal(parseRange("bytes=0-", 0), "unsatisfiable");
});

test("a header that is not one byte range is ignored", () => {
  for (const header of [undefined, "", "bytes=-", "bytes=5-2", "bytes=0-1,4-5", "lines=0-1"])
    assert.equal(parseRange(header, 10), undefined);
});
