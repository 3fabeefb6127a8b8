import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, describe, it } from "node:test";
import { syncTree } from "../../../src/store/sync-tree.ts";

describe("a tree that is made durable", () => {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-sync-tree-"));
  const called = join(folder, "called");
  const path = process.env["PATH"];
  before(() => {
    const bin = join(folder, "bin");
    mkdirSync(bin);
    writeFileSync(join(bin, "sync"), `#!/bin/sh\necho "$@" >> ${called}\n`);
    chmodSync(join(bin, "sync"), 0o755);
    process.env["PATH"] = [bin, path].join(delimiter);
  });
  after(() => {
    process.env["PATH"] = path;
    rmSync(folder, { recursive: true, force: true });
  });

  const tree = (files: number): string => {
    rmSync(called, { force: true });
    const root = mkdtempSync(join(folder, "tree-"));
    mkdirSync(join(root, "directory"));
    for (let index = 0; index < files; index += 1) writeFileSync(join(root, "directory", `${index}`), "content");
    return root;
  };

  it("is synced by no other process when it is small, whatever its links lead to", async () => {
    const root = tree(3);
    symlinkSync("nowhere", join(root, "dangling"));
    symlinkSync("..", join(root, "directory", "up"));
    await syncTree(root);
    assert.ok(!existsSync(called));
  });

  it("is synced with its whole volume when it is large", async () => {
    await syncTree(tree(100));
    assert.ok(existsSync(called));
  });

  it("is synced with its whole volume when one of its files has a name that we cannot open", async () => {
    const root = tree(3);
    writeFileSync(Buffer.from(`${root}/\xff`, "latin1"), "content");
    await syncTree(root);
    assert.ok(existsSync(called));
  });

  it("is none when it is missing, which is a fault of the volume", async () => {
    await assert.rejects(syncTree(join(folder, "missing")), { code: "STORE_IO" });
  });
});
