import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { collectGarbage, openStore } from "../../../src/store/index.ts";

const DIGEST = `sha256:${"a".repeat(64)}` as const;
const RECEIPT = { digest: DIGEST, reference: "app", entries: 1, bytes: 10, labels: {} };

describe("the place of a tree", () => {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-trees-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const store = openStore(folder);
  const place = store.layout.tree(DIGEST);

  const IN_THE_WAY: Readonly<Record<string, () => void>> = {
    "a plain file": () => writeFileSync(place, "no tree"),
    "a link to nothing": () => symlinkSync("/nowhere", place),
    "a directory that holds something else": () => mkdirSync(join(place, "other"), { recursive: true }),
  };

  for (const [what, put] of Object.entries(IN_THE_WAY)) {
    it(`is taken from ${what} when the tree is published`, async () => {
      rmSync(place, { recursive: true, force: true });
      put();
      const tree = store.trees.begin();
      writeFileSync(join(tree.root, "entrypoint"), "#!/bin/sh\n", { mode: 0o755 });
      await tree.publish(RECEIPT);
      assert.deepEqual(readdirSync(place), ["entrypoint"]);
      assert.equal(store.trees.fault(DIGEST), undefined);
      assert.equal(await store.trees.damage(DIGEST), undefined);
      assert.deepEqual(readdirSync(store.layout.extracted), [DIGEST]);
    });

    it(`is cleared of ${what} by a clean-up`, async () => {
      rmSync(place, { recursive: true, force: true });
      put();
      await collectGarbage(store, undefined);
      assert.deepEqual(readdirSync(store.layout.extracted), []);
    });
  }
});
