import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { unknownVariables } from "../../../src/config/unknown.ts";

describe("a variable that looks like a setting and is none", () => {
  test("is named with the setting that was probably meant", () => {
    assert.deepEqual(unknownVariables({ DOCKERLOADER_TARGE: "x", DOCKERLOADER_TRIAL_TIMEOUT: "1" }), [
      "DOCKERLOADER_TARGE is no setting and has no effect; did you mean DOCKERLOADER_TARGET?",
      "DOCKERLOADER_TRIAL_TIMEOUT is no setting and has no effect; did you mean DOCKERLOADER_TRIAL_TIMEOUT_MS?",
    ]);
  });

  test("is named without a guess when nothing is near; settings and what the loader sets are known", () => {
    assert.deepEqual(unknownVariables({ DOCKERLOADER_QQQQQ: "1" }), [
      "DOCKERLOADER_QQQQQ is no setting and has no effect",
    ]);
    assert.deepEqual(
      unknownVariables({ DOCKERLOADER_TARGET: "x", DOCKERLOADER_DIGEST: "y", DOCKERLOADER_TRIAL: "1", PATH: "" }),
      [],
    );
  });
});
