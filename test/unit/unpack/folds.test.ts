import assert from "node:assert/strict";
import { linkSync, lstatSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { digestOf } from "../../../src/digest.ts";
import type { FileRecord } from "../../../src/unpack/file-record.ts";
import { HoleFiller, Holes } from "../../../src/unpack/holes.ts";
import { Recorder } from "../../../src/unpack/inventory.ts";
import { Rootfs } from "../../../src/unpack/rootfs.ts";
import type { TarEntry } from "../../../src/unpack/tar-parser.ts";
import { Site } from "./harness.ts";

// What a volume that folds names does, done by hand: see conformance/layers/folded-names for a real one.
const recordOf = (path: string, ino: number): FileRecord => ({ path, mode: 0o644, ino, sha256: "" });

const entryOf = ({ path, mode }: FileRecord): TarEntry => ({
  type: "0",
  name: path,
  linkname: "",
  mode,
  uid: 0,
  gid: 0,
  size: 4,
  mtime: 0,
  xattrs: [],
});

it("of two files that are one by now the later is there, and what is gone is told apart from what became another", () => {
  using site = new Site();
  writeFileSync(join(site.root, "readme"), "both");
  linkSync(join(site.root, "readme"), join(site.root, "README"));
  const { ino } = lstatSync(join(site.root, "readme"));
  const [upper, lower, other] = [recordOf("README", ino), recordOf("readme", ino), recordOf("other", ino + 1)];
  const recorder = new Recorder(10);
  recorder.layer(digestOf(Buffer.from("a layer")));
  for (const record of [upper, lower, other]) {
    recorder.entry(entryOf(record));
    recorder.file(record);
  }
  const succeeded = recorder.recount((path) => join(site.root, path));
  assert.deepEqual([...succeeded], [upper]);
  assert.deepEqual([upper.path, lower.path, other.path], ["", "readme", ""]);
});

it("a file that is gone needs no content, and none is written through its name", () => {
  using site = new Site();
  writeFileSync(join(site.root, "readme"), "whole");
  const { ino } = lstatSync(join(site.root, "readme"));
  const [gone, elsewhere] = [recordOf("README", ino), recordOf("readme", ino + 1)];
  const holes = new Holes();
  holes.add("README", gone, 0, 0);
  holes.add("readme", elsewhere, 1, 0);
  holes.lost(new Set([gone]));
  assert.deepEqual(holes.layers(), [1]);
  const filler = new HoleFiller(new Rootfs(site.root), holes.of(1));
  filler.entry();
  filler.data(Buffer.from("of another file"));
  filler.end();
  assert.equal(readFileSync(join(site.root, "readme"), "utf8"), "whole");
});
