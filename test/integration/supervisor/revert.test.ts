import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { Digest } from "../../../src/digest.ts";
import { openStore, revert } from "../../../src/store/index.ts";

const OLD: Digest = `sha256:${"a".repeat(64)}`;
const NEW: Digest = `sha256:${"b".repeat(64)}`;

test("a rollback takes the retained copy, not the tree that an app of the original has half deleted", async (t) => {
  const dataDir = mkdtempSync(join(tmpdir(), "dockerloader-revert-"));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const store = openStore(dataDir);
  for (const digest of [OLD, NEW]) {
    mkdirSync(join(store.trees.path(digest), "lib"), { recursive: true });
    writeFileSync(store.layout.executable(digest), "#!/bin/sh\n", { mode: 0o755 });
    writeFileSync(join(store.trees.path(digest), "lib", "data"), "needed");
  }
  store.links.point("entrypoint", NEW);
  store.records.setSuccession({ digest: NEW, previous: OLD, settled: false });
  await store.trees.retain(OLD);
  rmSync(join(store.trees.path(OLD), "lib"), { recursive: true });
  await revert(store, { digest: NEW, reason: { kind: "rolled-back" }, thorough: false, now: new Date(0) });
  assert.equal(store.links.digest("entrypoint"), OLD);
  assert.ok(existsSync(join(store.trees.path(OLD), "lib", "data")), "what runs again is whole");
});
