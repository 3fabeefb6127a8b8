import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Digest, LaunchPlan } from "../../../machines/index.ts";
import { childEnvironment } from "../../../src/supervisor/child-environment.ts";

const digest: Digest = `sha256:${"a".repeat(64)}`;
const trial: LaunchPlan = { kind: "trial", digest, attempt: 1 };
const stable: LaunchPlan = { kind: "stable", digest, onProbation: true };

describe("the app's environment", () => {
  it("is the loader's own, whole, and says which version runs where", () => {
    assert.deepEqual(childEnvironment({ HOME: "/root", EMPTY: "" }, stable, "/data/x"), {
      HOME: "/root",
      EMPTY: "",
      DOCKERLOADER_DATA_DIR: "/data/x",
      DOCKERLOADER_DIGEST: digest,
    });
  });

  it("says 1 in DOCKERLOADER_TRIAL on a trial, and nothing otherwise: its presence alone means trial", () => {
    assert.equal(childEnvironment({}, trial, "/data/x")["DOCKERLOADER_TRIAL"], "1");
    assert.ok(!("DOCKERLOADER_TRIAL" in childEnvironment({}, stable, "/data/x")));
  });

  it("does not let an operator set what the loader says", () => {
    const env = { DOCKERLOADER_TRIAL: "0", DOCKERLOADER_DIGEST: "sha256:forged", DOCKERLOADER_DATA_DIR: "relative" };
    assert.deepEqual(childEnvironment(env, stable, "/data/x"), {
      DOCKERLOADER_DATA_DIR: "/data/x",
      DOCKERLOADER_DIGEST: digest,
    });
    assert.equal(childEnvironment(env, trial, "/data/x")["DOCKERLOADER_TRIAL"], "1");
  });

  it("leaves the loader's own environment as it is", () => {
    const env = Object.freeze({ DOCKERLOADER_TRIAL: "1" });
    childEnvironment(env, stable, "/data/x");
    assert.deepEqual(env, { DOCKERLOADER_TRIAL: "1" });
  });
});
