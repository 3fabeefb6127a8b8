import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { getSystemErrorName } from "node:util";
import { errnoOf } from "../../src/errno.ts";
import { isStorageFault, storeError } from "../../src/store/durable.ts";
import { toVolumeError } from "../../src/unpack/faults.ts";

/** An error as a failed system call gives it. */
const failure = (errno: number): Error =>
  Object.assign(new Error("a call failed"), { errno, code: getSystemErrorName(errno) });
const OVER_QUOTA = failure(-122);

describe("the name of a system error", () => {
  it("is what Node calls it, or EDQUOT, which Node has no name for", () => {
    assert.equal(errnoOf(failure(-28)), "ENOSPC");
    assert.equal(errnoOf(OVER_QUOTA), "EDQUOT");
    assert.equal(errnoOf(new Error("no code")), undefined);
  });

  it("makes a full quota a full volume, in the store and while unpacking", () => {
    assert.equal(storeError("write", "/x", OVER_QUOTA).code, "STORE_FULL");
    assert.equal(toVolumeError(OVER_QUOTA, "layer 1").code, "STORE_FULL");
    assert.ok(isStorageFault(OVER_QUOTA));
  });
});
