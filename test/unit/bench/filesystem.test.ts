import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { filesystemOf } from "../../../scripts/bench/layers/filesystem.ts";

describe("the file system of a bench", () => {
  test("is named, with a warning where the goals are not meant for it", async () => {
    const { type, warning } = await filesystemOf("/proc");
    assert.equal(type, "proc");
    assert.match(warning ?? "", /the goals are for ext4, and this is proc: set TMPDIR/);
  });

  test("is one, also where several are mounted on top of each other", async () => {
    assert.match((await filesystemOf("/dev/shm")).type, /^\w+$/);
  });
});
