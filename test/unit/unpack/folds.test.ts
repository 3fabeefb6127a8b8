import assert from "node:assert/strict";
import { linkSync, lstatSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { digestOf } from "../../../src/digest.ts";
import { DockerloaderError } from "../../../src/errors.ts";
import type { FileRecord } from "../../../src/unpack/file-record.ts";
import { Folds } from "../../../src/unpack/folds.ts";
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

it("of two files that are one by now the later is there, and what is gone is known", () => {
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
  recorder.recount((path) => new Rootfs(site.root).factsOf(path));
  assert.deepEqual([upper.path, lower.path, other.path], ["", "readme", ""]);
});

it("no content is written through a name that leads to another file", () => {
  using site = new Site();
  writeFileSync(join(site.root, "readme"), "whole");
  const { ino } = lstatSync(join(site.root, "readme"));
  const holes = new Holes();
  holes.add("readme", recordOf("readme", ino + 1), 0, 0);
  const filler = new HoleFiller(new Rootfs(site.root), holes.of(0));
  filler.entry();
  filler.data(Buffer.from("of another file"));
  filler.end();
  assert.equal(readFileSync(join(site.root, "readme"), "utf8"), "whole");
});

it("what was there once is looked for through directories alone", () => {
  using site = new Site();
  symlinkSync(site.victim, join(site.root, "D"));
  const tree = new Rootfs(site.root);
  assert.equal(tree.factsOf("D/secret"), undefined);
  assert.equal(tree.factsOf("D")?.isSymbolicLink(), true);
  assert.equal(tree.factsOf("nothing/at/all"), undefined);
});

it("a file gets an inode of its own through no link that stands where one of its names led", () => {
  using site = new Site();
  const secret = join(site.victim, "secret");
  const { ino } = lstatSync(secret);
  const tree = new Rootfs(site.root);
  tree.directory("d");
  tree.adopt(secret, "d/secret", ino);
  tree.link("d/secret", "other");
  rmSync(join(site.root, "d"), { recursive: true });
  symlinkSync(site.victim, join(site.root, "d"));
  assert.deepEqual(tree.unshare("other"), ["other"]);
  assert.notEqual(lstatSync(join(site.root, "other")).ino, ino);
  assert.equal(lstatSync(secret).ino, ino);
});

it("a fault of a layer is the volume's once names were taken for one, and other failures stay what they are", () => {
  const folds = new Folds({ add: () => undefined });
  const missing = new DockerloaderError("LAYER_CORRUPT", "the target of a hard link is missing");
  const full = new DockerloaderError("STORE_FULL", "no space left");
  assert.equal(folds.explain(missing), missing);
  folds.add("readme");
  assert.equal(folds.explain(full), full);
  const explained = folds.explain(missing);
  assert.ok(explained instanceof DockerloaderError && explained.code === "STORE_UNSUPPORTED");
  assert.ok(explained.message.includes(missing.message));
});
