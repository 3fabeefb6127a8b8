import assert from "node:assert/strict";
import { test } from "node:test";
import { readVariables } from "../../../src/app/dotenv.ts";
import { LIMITS } from "../../../src/limits.ts";

test("a variable of the image is applied unless the operator has set it, also to nothing", () => {
  const { apply, refused } = readVariables("A=1\nB=2\nC=3\n", { B: "operator", C: "" });
  assert.deepEqual(apply, { A: "1" });
  assert.deepEqual(refused, []);
});

for (const name of [
  "DOCKERLOADER_TARGET",
  "dockerloader_trial",
  "PATH",
  "LD_PRELOAD",
  "LD_LIBRARY_PATH",
  "NODE_OPTIONS",
  "NODE_TLS_REJECT_UNAUTHORIZED",
  "PYTHONPATH",
  "HTTPS_PROXY",
  "no_proxy",
  "ENV",
]) {
  test(`${name} is refused, whatever the operator says`, () => {
    assert.deepEqual(readVariables(`${name}=x\nA=1\n`, {}), { apply: { A: "1" }, refused: [name] });
    assert.deepEqual(readVariables(`${name}=x\n`, { [name]: "mine" }), { apply: {}, refused: [name] });
  });
}

test("names that only look like forbidden ones are applied", () => {
  const { apply, refused } = readVariables("MY_PATH=1\nPATHS=2\nNODE_ENV=3\nENVIRONMENT=4\nBUILD_LD=5\n", {});
  assert.equal(Object.keys(apply).length, 5);
  assert.deepEqual(refused, []);
});

test("a file of exactly the limit is read, a larger one is CONFIG_INVALID with both numbers", () => {
  const head = "A=";
  const text = head + "x".repeat(LIMITS.dotenvBytes - head.length);
  assert.equal(readVariables(text, {}).apply["A"]?.length, LIMITS.dotenvBytes - head.length);
  assert.throws(() => readVariables(`${text}x`, {}), {
    code: "CONFIG_INVALID",
    message: `.env has ${LIMITS.dotenvBytes + 1} bytes, at most ${LIMITS.dotenvBytes} are read`,
  });
});
