import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Digest } from "../../../src/digest.ts";
import { LIMITS } from "../../../src/limits.ts";
import { openStore, probeVolume } from "../../../src/store/index.ts";
import { applyImage } from "../../../src/unpack/image.ts";
import { readInventory } from "../../../src/unpack/inventory.ts";
import { directory, file, hardLink, symlink, tar } from "../../fixtures/tar.ts";
import { openPullLab, type PullLab } from "../../integration/pull/support.ts";
import { described } from "../../support/described.ts";
import { inputsOf, layerOf, Site } from "../../unit/unpack/harness.ts";
import { needs, needsFuse } from "../../support/preconditions.ts";

const VOLUME_BYTES = 100 * 2 ** 20;
/** So many files that a helper is there for the last ones. */
const MANY = 600;

const many = (prefix: string): Buffer[] =>
  Array.from({ length: MANY }, (_, index) => file(`d/${prefix}${index}`, `${prefix} ${index}`, { mtime: 1000 }));

/** Every way for two names to be one. */
const COLLISIONS = {
  "two files": [directory("d"), file("d/README", "upper, and longer"), file("d/readme", "lower")] as const,
  "two directories": [directory("Lib"), file("Lib/one", "1"), directory("lib"), file("lib/two", "2")],
  "a directory that no entry describes": [directory("Lib"), file("Lib/one", "1"), file("lib/two", "2")],
  "a link and a file": [symlink("Link", "entrypoint"), file("link", "no link")],
  "a directory and a file": [directory("Folder"), file("Folder/x", "x"), file("folder", "no folder")],
};
const MIXED = tar(
  directory("d"),
  ...many("a"),
  ...COLLISIONS["two files"],
  ...many("b"),
  ...COLLISIONS["two directories"],
);
const EITHER = ["upper, and longer", "lower"];

const app = (version: string): { tar: Buffer } => ({
  tar: tar(file("entrypoint", `#!/bin/sh\n# ${version}\n`, { mode: 0o755 })),
});

/** A volume that takes names for one that differ in case, as those of Windows and macOS do. */
function mount(t: TestContext, more = ""): string {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-folded-"));
  const [image, mountPoint] = [join(folder, "image"), join(folder, "volume")];
  writeFileSync(image, "");
  truncateSync(image, VOLUME_BYTES);
  mkdirSync(mountPoint);
  execFileSync("mkfs.ntfs", ["--quiet", "--fast", "--force", image], { stdio: "pipe" });
  // The kernel does not know that names are folded there: it must not remember them.
  const options = "ignore_case,permissions,entry_timeout=0,negative_timeout=0,attr_timeout=0" + more;
  execFileSync("lowntfs-3g", ["-o", options, image, mountPoint], { stdio: "pipe" });
  t.after(() => {
    execFileSync("umount", [mountPoint]);
    rmSync(folder, { recursive: true });
  });
  return mountPoint;
}

/** Whatever an inventory says is in the tree is there, and is that file. */
function checkInventory({ store }: PullLab, digest: Digest): void {
  const layers = store.trees.receipt(digest)?.layers ?? [];
  const inventory = readInventory(store.layout.inventory(digest), layers.length);
  assert.ok(inventory !== undefined);
  for (const { path, ino } of inventory.layers.flatMap(({ entries }) => entries)) {
    if (path !== "") assert.equal(lstatSync(join(store.layout.tree(digest), path)).ino, ino, path);
  }
}

describe(
  "a volume that takes two names of an image for one",
  { ...needs("folded names", ["mkfs.ntfs", "lowntfs-3g", "umount"]), ...needsFuse() },
  () => {
    it("holds one of both, says so, and what is published is sound", async (t) => {
      const volume = mount(t);
      for (const [what, entries] of Object.entries(COLLISIONS)) {
        await using lab = await openPullLab(join(volume, what));
        await lab.push({ tar: tar(...entries) }, app("1"));
        const digest = await lab.pull();
        const warned = lab.log.events.flatMap((event) => (event.type === "image.warning" ? [event.message] : []));
        assert.ok(
          warned.some((line) => line.includes("the volume takes for another")),
          `${what}: ${warned.join()}`,
        );
        assert.equal(await lab.store.trees.damage(digest), undefined, what);
        checkInventory(lab, digest);
      }
    });

    it("nothing outside of a tree is touched where a link took the place of a directory", async (t) => {
      const volume = mount(t);
      const victim = join(volume, "victim");
      mkdirSync(join(victim, "sub"), { recursive: true, mode: 0o700 });
      writeFileSync(join(victim, "sub/secret"), "untouched");
      const before = described(victim);
      const looks = { mode: 0o777, uid: 1, mtime: 1000 };
      const hostile = [
        [directory("x"), directory("x/sub", looks), file("x/sub/secret", "stolen", looks), symlink("X", victim)],
        // This volume lists "sub", so that what is removed with its parent has another name than what was made.
        [directory("x"), directory("x/Sub", looks), symlink("x", victim)],
      ];
      for (const [index, entries] of hostile.entries()) {
        await using lab = await openPullLab(join(volume, `data${index}`));
        await lab.push({ tar: tar(...entries, file("x/sub/more", "more")) }, app("1"));
        await lab.pull().catch(() => undefined);
        assert.deepEqual(described(victim), before, `attack ${index}`);
      }
    });

    it("an update harms no version", async (t) => {
      await using lab = await openPullLab(join(mount(t), "data"));
      await lab.push({ tar: MIXED }, app("1"));
      const first = await lab.pull();
      const before = described(lab.store.layout.tree(first));
      await lab.push({ tar: MIXED }, app("2"));
      const second = await lab.pull();
      assert.deepEqual(described(lab.store.layout.tree(first)), before);
      assert.equal(lab.store.trees.altered(first), undefined);
      for (const digest of [first, second]) {
        assert.equal(await lab.store.trees.damage(digest), undefined);
        checkInventory(lab, digest);
      }
      const at = (name: string): string => join(lab.store.layout.tree(second), name);
      assert.ok(EITHER.includes(readFileSync(at("d/readme"), "utf8")), "the file has no content");
      for (let index = 0; index < MANY; index += 1) {
        assert.equal(readFileSync(at(`d/b${index}`), "utf8"), `b ${index}`);
      }
    });

    it("the doctor knows it, and one that cannot hold the names of versions", (t) => {
      const namesOf = (volume: string) => probeVolume(openStore(join(volume, "data"))).names;
      assert.equal(namesOf(mount(t)), "folded");
      const names = namesOf(mount(t, ",windows_names"));
      assert.ok(typeof names === "object" && names.fault.includes("EINVAL"), JSON.stringify(names));
    });

    it("what cannot be there is the volume's fault, with a donor from elsewhere too", async (t) => {
      const volume = mount(t);
      // To the volume the whiteout is of the directory.
      const layers = [tar(directory("D"), file("D/a", "a")), tar(file(".wh.d"), hardLink("x", "D/a"))];
      const refused = { code: "STORE_UNSUPPORTED" };
      await using lab = await openPullLab(join(volume, "data"));
      const digest = await lab.push(...layers.map((layer) => ({ tar: layer })), app("1"));
      await assert.rejects(lab.pull(), refused);
      assert.equal(lab.store.records.failure(digest), undefined, "the image is blamed");
      using donor = new Site();
      const inventory = join(donor.base, "inventory");
      const inputs = inputsOf(layers.map((layer) => layerOf(layer)));
      await applyImage(donor.root, inputs, { limits: LIMITS, owners: true, inventory });
      const reuse = { tree: donor.root, inventory, layers: 2, volumes: [], sharing: "links" } as const;
      const root = join(volume, "root");
      mkdirSync(root);
      const wanted = { inventory: `${root}.inventory`, seal: `${root}.seal` };
      await assert.rejects(applyImage(root, inputs, { limits: LIMITS, owners: true, reuse, ...wanted }), refused);
    });

    it("an update reads again what an app has changed", async (t) => {
      await using lab = await openPullLab(join(mount(t), "data"));
      const [folder, upper, lower] = COLLISIONS["two files"];
      const layer = { tar: tar(folder, upper, hardLink("d/other", "d/readme"), lower) };
      await lab.push(layer, app("1"));
      const first = await lab.pull();
      writeFileSync(join(lab.store.layout.tree(first), "d/readme"), "written in place");
      await lab.push(layer, app("2"));
      const second = await lab.pull();
      assert.ok(EITHER.includes(readFileSync(join(lab.store.layout.tree(second), "d/readme"), "utf8")));
      assert.equal(readFileSync(join(lab.store.layout.tree(second), "d/other"), "utf8"), "upper, and longer");
      assert.equal(await lab.store.trees.damage(second), undefined);
    });
  },
);
