import assert from "node:assert/strict";
import { test } from "node:test";
import { digestOf, isDigest, shortDigest } from "../../src/digest.ts";

const HEX = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

test("a digest is the sha256 of the bytes, in lower case", () => {
  assert.equal(digestOf(""), `sha256:${HEX}`);
  assert.equal(digestOf(Buffer.alloc(0)), `sha256:${HEX}`);
});

test("nothing else is taken for a digest: it becomes a part of paths and URLs", () => {
  assert.ok(isDigest(`sha256:${HEX}`));
  for (const text of [
    HEX,
    `sha256:${HEX.toUpperCase()}`,
    `sha256:${HEX}0`,
    `sha256:${HEX.slice(1)}`,
    `sha256:${HEX}\n`,
    `sha256:../../${HEX}`,
    `sha1:${HEX.slice(0, 40)}`,
    "",
    undefined,
    42,
  ]) {
    assert.ok(!isDigest(text), String(text));
  }
});

test("for people the first twelve digits are enough", () => {
  assert.equal(shortDigest(`sha256:${HEX}`), "sha256:e3b0c44298fc");
});
