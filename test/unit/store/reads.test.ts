import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import type { FileSystem } from "../../../src/store/fs.ts";
import { openStore } from "../../../src/store/index.ts";
import { nodeFileSystem } from "../../../src/store/node-fs.ts";

/** A volume that has gone away: what was open stays open, every read of a name fails. */
const broken = (): never => {
  throw Object.assign(new Error("EIO: i/o error"), { code: "EIO" });
};
const gone: Partial<FileSystem> = {
  readlinkSync: broken,
  readFileSync: broken,
  readdirSync: broken,
  lstatSync: broken,
};
const DIGEST = `sha256:${"a".repeat(64)}` as const;

describe("reads of a volume", () => {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-reads-"));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const fs = { ...nodeFileSystem };
  const store = openStore(folder, { fs });

  it("counts what is not there as absent", () => {
    assert.equal(store.links.read("attempting").kind, "absent");
    assert.equal(store.records.trial(), undefined);
    assert.equal(store.trees.has(DIGEST), false);
    assert.equal(store.blobs.size(DIGEST), undefined);
  });

  it("calls a record that is a folder the fault of the volume", () => {
    mkdirSync(store.layout.trial);
    assert.throws(() => store.records.trial(), { code: "STORE_IO", message: /trial\.json: EISDIR/ });
    rmSync(store.layout.trial, { recursive: true });
  });

  it("says of every failing read that the volume failed, and exits as for a storage error", () => {
    Object.assign(fs, gone);
    const reads = {
      link: () => store.links.read("attempting"),
      record: () => store.records.trial(),
      marker: () => store.records.marker(),
      failures: () => store.records.failures(),
      tree: () => store.trees.has(DIGEST),
      trees: () => store.trees.list(),
      receipt: () => store.trees.receipt(DIGEST),
      manifest: () => store.images.manifest(DIGEST),
      blob: () => store.blobs.size(DIGEST),
      blobs: () => store.blobs.list(),
    };
    for (const [name, read] of Object.entries(reads)) {
      assert.throws(read, { code: "STORE_IO", exitCode: 74, details: { errno: "EIO" } }, name);
    }
  });
});
