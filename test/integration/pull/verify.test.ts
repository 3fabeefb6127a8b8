import assert from "node:assert/strict";
import { closeSync, openSync, rmSync, statSync, utimesSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { verifyStore } from "../../../src/pull/verify.ts";
import { openPullLab } from "./support.ts";

const files = { entrypoint: "#!/bin/sh\n", "lib/a": "content" };

/** Overwrites the first byte, and hides it as well as a failing disk would. */
function damage(path: string): void {
  const { atime, mtime } = statSync(path);
  const fd = openSync(path, "r+");
  writeSync(fd, "X");
  closeSync(fd);
  utimesSync(path, atime, mtime);
}

describe("verifying a volume", () => {
  it("finds nothing on a sound one, and counts what it read", async () => {
    await using lab = await openPullLab();
    await lab.push({ files });
    await lab.pull();
    const { blobs, images, versions, files: count, findings } = await verifyStore(lab.store);
    assert.deepEqual([blobs, images, versions, count, findings], [2, 1, 1, 2, []]);
  });

  it("tells damage from what an app has changed in its own tree", async () => {
    await using lab = await openPullLab();
    await lab.push({ files });
    const digest = await lab.pull();
    damage(join(lab.store.layout.tree(digest), "lib/a"));
    writeFileSync(join(lab.store.layout.tree(digest), "entrypoint"), "#!/bin/sh\nexit 1\n");
    writeFileSync(join(lab.store.layout.tree(digest), "made by the app"), "");
    const { findings } = await verifyStore(lab.store);
    assert.deepEqual(
      findings.map(({ kind, what }) => [kind, what.replace(/^.*, /, "")]),
      [
        ["changed", 'file "entrypoint"'],
        ["damaged", 'file "lib/a"'],
      ],
    );
  });

  it("finds damaged blobs and manifests, and says which files it could only look at from outside", async () => {
    await using lab = await openPullLab();
    await lab.push({ files });
    const digest = await lab.pull();
    const [layer] = lab.store.blobs.list().filter((blob) => statSync(lab.store.blobs.path(blob)).size > 0);
    assert.ok(layer !== undefined);
    for (const blob of lab.store.blobs.list()) damage(lab.store.blobs.path(blob));
    damage(lab.store.layout.image(digest));
    const { findings } = await verifyStore(lab.store);
    assert.deepEqual(
      findings.map(({ kind, what }) => `${kind} ${what.split(" ")[0] ?? ""}`),
      ["damaged blob", "damaged blob", "damaged manifest", "unchecked version"],
    );
  });

  it("says that a tree of the original cannot be compared", async () => {
    await using lab = await openPullLab();
    await lab.push({ files });
    rmSync(lab.store.layout.inventory(await lab.pull()));
    const { findings } = await verifyStore(lab.store);
    assert.deepEqual(
      findings.map(({ kind }) => kind),
      ["unchecked"],
    );
  });
});
