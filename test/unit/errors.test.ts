import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import {
  describeError,
  DockerloaderError,
  ERROR_CODES,
  EXIT,
  RESTART_EXIT_CODE,
  toDockerloaderError,
} from "../../src/errors.ts";

test("an error knows what its code says, and what the caller says instead", () => {
  const error = new DockerloaderError("REGISTRY_TIMEOUT", "r.example did not answer");
  assert.deepEqual([error.exitCode, error.retryable, error.hint, error.details], [69, true, undefined, {}]);
  const final = new DockerloaderError("SIZE_MISMATCH", "wrong", { retryable: false, retryAfterMs: 5, hint: "mend" });
  assert.deepEqual([final.retryable, final.retryAfterMs, final.hint], [false, 5, "mend"]);
});

test("no code ends a process with 0 or with the code that asks for a restart", () => {
  for (const [code, { exitCode }] of Object.entries(ERROR_CODES)) {
    assert.ok(exitCode > 0 && exitCode < 126 && exitCode !== RESTART_EXIT_CODE, code);
    assert.ok(Object.values<number>(EXIT).includes(exitCode), code);
  }
});

test("a sentence for people is the message and the hint", () => {
  assert.equal(
    describeError(new DockerloaderError("STORE_FULL", "the volume is full", { hint: "free space" })),
    "the volume is full; free space",
  );
  assert.equal(describeError(new DockerloaderError("ABORTED", "stopped")), "stopped");
  assert.equal(describeError(new TypeError("x is no function")), "x is no function");
  assert.equal(describeError("thrown text"), "thrown text");
});

test("anything thrown becomes an error of ours: an abort is ABORTED, the rest a defect", () => {
  const own = new DockerloaderError("USAGE", "no");
  assert.equal(toDockerloaderError(own), own);
  assert.equal(toDockerloaderError(AbortSignal.abort().reason).code, "ABORTED");
  const defect = toDockerloaderError(new TypeError("x is no function"));
  assert.deepEqual(
    [defect.code, defect.exitCode, defect.message],
    ["INTERNAL", 70, "unexpected error: x is no function"],
  );
});

test("the cause is there for a debugger and in no JSON", () => {
  const cause = new Error("authorization: Basic c2VjcmV0");
  const error = new DockerloaderError("INTERNAL", "failed", { cause });
  assert.equal(error.cause, cause);
  assert.doesNotMatch(JSON.stringify(error), /c2VjcmV0/);
  assert.match(inspect(error), /failed/);
});
