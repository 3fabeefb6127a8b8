import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_DATA_DIR, layoutOf } from "../../src/layout.ts";

const DIGEST = `sha256:${"a".repeat(64)}` as const;

test("the names of the original are where the original has them", () => {
  const layout = layoutOf(DEFAULT_DATA_DIR);
  const v1 = "/data/dockerloader/storage/v1";
  assert.deepEqual(
    [layout.entrypoint, layout.attempt, layout.attempting, layout.marker].map((path) =>
      path.replace(`${DEFAULT_DATA_DIR}/`, ""),
    ),
    ["entrypoint", "entrypoint-attempt", "entrypoint-attempting", "update-attempt"],
  );
  assert.equal(layout.blob(DIGEST), `${v1}/blobs/${DIGEST}`);
  assert.equal(layout.image(DIGEST), `${v1}/images/${DIGEST}`);
  assert.equal(layout.executable(DIGEST), `${v1}/extracted/${DIGEST}/entrypoint`);
});

test("what must survive an app's clean-up is outside of the three directories it cleans", () => {
  const layout = layoutOf("/d");
  const own = [layout.staging, layout.retained, layout.state, layout.retainedTree(DIGEST), layout.receipt(DIGEST)];
  for (const path of own) {
    assert.ok(path.startsWith("/d/"));
    for (const cleaned of [layout.blobs, layout.images, layout.extracted]) assert.ok(!path.startsWith(cleaned), path);
  }
});
