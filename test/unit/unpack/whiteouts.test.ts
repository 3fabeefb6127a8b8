import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Rootfs } from "../../../src/unpack/rootfs.ts";
import { UpperLayer } from "../../../src/unpack/whiteouts.ts";
import { Site } from "./harness.ts";

/** A tree that counts how often a directory is searched. */
class CountingRootfs extends Rootfs {
  searches = 0;

  override children(path: string): [name: string, directory: boolean][] {
    this.searches += 1;
    return super.children(path);
  }
}

const FACTS = { mode: 0o755, uid: 0, gid: 0, mtime: undefined };

describe("what a layer put into the tree", () => {
  it("is searched once however many opaque whiteouts come for one directory", () => {
    using site = new Site();
    mkdirSync(`${site.root}/a`);
    writeFileSync(`${site.root}/a/old`, "");
    const tree = new CountingRootfs(site.root);
    const upper = new UpperLayer(tree, FACTS, false);
    for (let round = 0; round < 100; round++) {
      upper.add(`a/n${round}`, false);
      upper.clear("a");
    }
    assert.equal(tree.searches, 1);
    assert.equal(tree.kind("a/old"), "missing");
  });

  it("is never searched below a directory that the layer made", () => {
    using site = new Site();
    const tree = new CountingRootfs(site.root);
    const upper = new UpperLayer(tree, FACTS, false);
    upper.add("new", tree.directory("new"));
    upper.add("new/sub", tree.directory("new/sub"));
    upper.clear("new/sub");
    upper.clear("new");
    upper.hide("new/sub");
    assert.equal(tree.searches, 0);
    assert.equal(tree.kind("new/sub"), "directory");
  });
});
