import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { LIMITS } from "../../../src/limits.ts";
import { sealOf } from "../../../src/store/seal.ts";
import { applyImage, type ImageOptions, type UnpackReport } from "../../../src/unpack/image.ts";
import { directory, file, hardLink, tar } from "../../fixtures/tar.ts";
import { needs, needsFileSystem } from "../../support/preconditions.ts";
import { inputsOf, layerOf } from "../../unit/unpack/harness.ts";

const VOLUME_BYTES = 400 * 2 ** 20;
/** More names of this length than a btrfs without extended references has room for in one directory. */
const NAMES = 200;
const LONG = "n".repeat(200);
const CONTENT = "what all of them are";

const LAYER = tar(
  file("entrypoint", "#!/bin/sh\n", { mode: 0o755 }),
  directory("d"),
  file("d/file", CONTENT),
  ...Array.from({ length: NAMES }, (_, index) => hardLink(`d/${index}-${LONG}`, "d/file")),
);

/** A volume that soon refuses hard links. */
function mount(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-links-"));
  const [image, mountPoint] = [join(folder, "image"), join(folder, "volume")];
  writeFileSync(image, "");
  truncateSync(image, VOLUME_BYTES);
  mkdirSync(mountPoint);
  execFileSync("mkfs.btrfs", ["-q", "-O", "^extref", image], { stdio: "pipe" });
  execFileSync("mount", ["-o", "loop", image, mountPoint]);
  t.after(() => {
    execFileSync("umount", [mountPoint]);
    rmSync(folder, { recursive: true });
  });
  return mountPoint;
}

/** Unpacks the layer below `place`, where its inventory and its seal are afterwards too. */
async function unpack(place: string, more: Partial<ImageOptions> = {}): Promise<UnpackReport> {
  const root = join(place, "root");
  mkdirSync(root, { recursive: true });
  const [inventory, seal] = [join(place, "inventory"), join(place, "seal")];
  return applyImage(root, inputsOf([layerOf(LAYER)]), { limits: LIMITS, owners: true, inventory, seal, ...more });
}

/** Every name has the content, and the seal is the tree's. Answers how many inodes there are. */
async function check(place: string): Promise<number> {
  const names = readdirSync(join(place, "root/d"));
  assert.equal(names.length, NAMES + 1);
  const paths = names.map((name) => join(place, "root/d", name));
  assert.deepEqual(new Set(paths.map((path) => readFileSync(path, "utf8"))), new Set([CONTENT]));
  assert.deepEqual(readFileSync(join(place, "seal"), "utf8").split("\n").sort(), await sealOf(join(place, "root")));
  return new Set(paths.map((path) => statSync(path).ino)).size;
}

describe(
  "a file with more names than the volume allows",
  { ...needs("few links", ["mkfs.btrfs", "mount"]), ...needsFileSystem("btrfs") },
  () => {
    it("gets copies for the others, and they are told of", async (t) => {
      const volume = mount(t);
      const { warnings } = await unpack(volume);
      const copies = (await check(volume)) - 1;
      assert.ok(copies > 0, "this volume refuses no link");
      assert.ok(
        warnings.some((line) => line.includes(`${copies}`) && line.includes("copied instead")),
        warnings.join(),
      );
    });

    it("has its content under all of them when an update has to read it again", async (t) => {
      const volume = mount(t);
      const [before, after] = [join(volume, "before"), join(volume, "after")];
      await unpack(before);
      writeFileSync(join(before, "root/d/file"), "written in place");
      const tree = join(before, "root");
      const inventory = join(before, "inventory");
      const { reusedLayers } = await unpack(after, {
        reuse: { tree, inventory, layers: 1, volumes: [], sharing: "links" },
      });
      assert.equal(reusedLayers, 1);
      assert.ok((await check(after)) > 1, "this volume refuses no link");
    });
  },
);
