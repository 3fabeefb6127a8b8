import assert from "node:assert/strict";
import { chmodSync, linkSync, lstatSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { LIMITS } from "../../../src/limits.ts";
import { sealOf } from "../../../src/store/seal.ts";
import { applyImage, type UnpackReport } from "../../../src/unpack/image.ts";
import type { ReuseRequest } from "../../../src/unpack/reuse.ts";
import { randomFrom, randomLayer, randomStack } from "../../fixtures/random-layers.ts";
import { directory, file, hardLink, tar } from "../../fixtures/tar.ts";
import { described } from "../../support/described.ts";
import { apply, inputsOf, layerOf, Site, treeOf } from "./harness.ts";

const owners = process.geteuid?.() === 0;
const OWN = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 };

interface Reused {
  readonly report: UnpackReport;
  /** The reused layers that had to be read all the same. */
  readonly needed: readonly number[];
}

/** Unpacks with an inventory, as the store does. */
async function unpackDonor(site: Site, layers: readonly Buffer[]): Promise<void> {
  const inputs = inputsOf(layers.map((layer) => layerOf(layer)));
  await applyImage(site.root, inputs, { limits: LIMITS, owners, inventory: inventoryOf(site) });
}

const inventoryOf = (site: Site): string => `${site.root}.inventory`;

async function unpackFrom(
  donor: Site,
  site: Site,
  layers: readonly Buffer[],
  common: number,
  more: Partial<ReuseRequest> = {},
): Promise<Reused> {
  let needed: readonly number[] = [];
  const report = await applyImage(site.root, inputsOf(layers.map((layer) => layerOf(layer))), {
    limits: LIMITS,
    owners,
    inventory: inventoryOf(site),
    seal: `${site.root}.seal`,
    gate: { needs: (layers) => (needed = layers), ready: () => Promise.resolve() },
    reuse: { tree: donor.root, inventory: inventoryOf(donor), layers: common, volumes: [], sharing: "links", ...more },
  });
  const seal = readFileSync(`${site.root}.seal`, "utf8").split("\n");
  assert.deepEqual(seal.sort(), await sealOf(site.root), "what the layers made is not what the seal says");
  return { report, needed };
}

const ino = (site: Site, name: string): number => lstatSync(join(site.root, name)).ino;
const base = tar(
  directory("lib", { mtime: 1000, ...OWN }),
  file("lib/a", "a", { mtime: 1000, ...OWN }),
  file("lib/b", "b", { mtime: 1000, mode: 0o755, ...OWN }),
  directory("etc", { mtime: 1000, ...OWN }),
  file("etc/c", "c", { mtime: 1000, ...OWN }),
);
const top = (content: string): Buffer => tar(file("entrypoint", content, { mtime: 1000, mode: 0o755, ...OWN }));

describe("reusing the layers of a tree on disk", () => {
  it("links what both images have in common and reads none of its layers", async () => {
    using old = new Site();
    using site = new Site();
    await unpackDonor(old, [base, top("1")]);
    const { report, needed } = await unpackFrom(old, site, [base, top("2")], 1);
    assert.deepEqual([report.reusedLayers, needed], [1, []]);
    assert.deepEqual(treeOf(site.root), { ...treeOf(old.root), entrypoint: "2" });
    assert.equal(ino(site, "lib/a"), ino(old, "lib/a"));
    assert.notEqual(ino(site, "entrypoint"), ino(old, "entrypoint"));
  });

  for (const [what, change] of [
    ["written in place", (path: string) => writeFileSync(path, "x")],
    ["written in place with its size kept", (path: string) => writeFileSync(path, "X")],
    ["removed", (path: string) => rmSync(path)],
    ["given another mode", (path: string) => chmodSync(path, 0o600)],
    [
      "replaced by another file of the same size and time",
      (path: string) => {
        // Keeps the first inode busy, so that the new file cannot get its number.
        linkSync(path, `${path}.kept`);
        rmSync(path);
        writeFileSync(path, "X");
        utimesSync(path, 1000, 1000);
      },
    ],
  ] as const) {
    it(`reads a file again that the app has ${what}`, async () => {
      using old = new Site();
      using site = new Site();
      using fresh = new Site();
      await unpackDonor(old, [base, top("1")]);
      change(join(old.root, "lib/a"));
      const { report, needed } = await unpackFrom(old, site, [base, top("2")], 1);
      await apply(
        fresh.root,
        [base, top("2")].map((layer) => layerOf(layer)),
      );
      assert.deepEqual([report.reusedLayers, needed], [1, [0]]);
      assert.deepEqual(described(site.root), described(fresh.root));
      assert.equal(ino(site, "etc/c"), ino(old, "etc/c"));
    });
  }

  it("copies the files of a directory in which the app has made something, and links the others", async () => {
    using old = new Site();
    using site = new Site();
    await unpackDonor(old, [base, top("1")]);
    writeFileSync(join(old.root, "lib/made"), "by the app");
    const { needed } = await unpackFrom(old, site, [base, top("2")], 1);
    assert.deepEqual(needed, []);
    assert.notEqual(ino(site, "lib/a"), ino(old, "lib/a"));
    assert.equal(ino(site, "etc/c"), ino(old, "etc/c"));
    writeFileSync(join(site.root, "lib/a"), "written by the new version");
    assert.equal(readFileSync(join(old.root, "lib/a"), "utf8"), "a");
  });

  it("writes of a layer that it took over whole what the other inventory says of it", async () => {
    using old = new Site();
    using site = new Site();
    await unpackDonor(old, [base, top("1")]);
    await unpackFrom(old, site, [base, top("2")], 1);
    const line = (which: Site, layer: number): string =>
      readFileSync(inventoryOf(which), "utf8").split("\n")[layer + 1] ?? "";
    assert.equal(line(site, 0), line(old, 0));
    assert.notEqual(line(site, 1), line(old, 1));
  });

  it("copies what the image declares as a volume", async () => {
    using old = new Site();
    using site = new Site();
    await unpackDonor(old, [base, top("1")]);
    await unpackFrom(old, site, [base, top("2")], 1, { volumes: ["etc"] });
    assert.notEqual(ino(site, "etc/c"), ino(old, "etc/c"));
    assert.equal(ino(site, "lib/a"), ino(old, "lib/a"));
  });

  it("reads again what an upper layer of the old image had hidden, and gives directories their earlier looks", async () => {
    using old = new Site();
    using site = new Site();
    using fresh = new Site();
    const hiding = tar(
      file("lib/.wh.a"),
      directory("etc", { mode: 0o700, mtime: 2000, ...OWN }),
      file("etc/c", "other"),
    );
    await unpackDonor(old, [base, hiding]);
    const { needed } = await unpackFrom(old, site, [base, top("2")], 1);
    await apply(
      fresh.root,
      [base, top("2")].map((layer) => layerOf(layer)),
    );
    assert.deepEqual(needed, [0]);
    assert.deepEqual(described(site.root), described(fresh.root));
  });

  it("changes nothing of the old tree when a hard link of the new image gives a shared file other looks", async () => {
    using old = new Site();
    using site = new Site();
    using fresh = new Site();
    const linking = tar(hardLink("lib/h", "lib/b", { mode: 0o600, mtime: 5000, ...OWN }));
    await unpackDonor(old, [base, top("1")]);
    const before = described(old.root);
    await unpackFrom(old, site, [base, linking], 1);
    await apply(
      fresh.root,
      [base, linking].map((layer) => layerOf(layer)),
    );
    assert.deepEqual(described(site.root), described(fresh.root));
    assert.equal(ino(site, "lib/h"), ino(site, "lib/b"));
    assert.deepEqual(described(old.root), before);
  });

  it("unpacks everything when the inventory is missing or of other layers", async () => {
    using old = new Site();
    await unpackDonor(old, [base, top("1")]);
    for (const [layers, more] of [
      [[base, top("2")], { inventory: "/nowhere" }],
      [[top("2"), base], {}],
    ] as const) {
      using site = new Site();
      const { report, needed } = await unpackFrom(old, site, layers, 1, more);
      assert.deepEqual([report.reusedLayers, needed], [0, [0]]);
      assert.deepEqual(treeOf(site.root), { ...treeOf(old.root), entrypoint: "2" });
    }
  });

  it("refuses a layer that was changed on disk when a file has to be read from it", async () => {
    using old = new Site();
    using site = new Site();
    await unpackDonor(old, [base, top("1")]);
    rmSync(join(old.root, "lib/a"));
    const [input, ...others] = inputsOf([base, top("2")].map((layer) => layerOf(layer)));
    const [damaged] = inputsOf([layerOf(tar(file("evil", "x")))]);
    assert.ok(input !== undefined && damaged !== undefined);
    const reuse = { tree: old.root, inventory: inventoryOf(old), layers: 1, volumes: [], sharing: "links" } as const;
    await assert.rejects(
      applyImage(site.root, [{ ...damaged, diffId: input.diffId }, ...others], { limits: LIMITS, owners, reuse }),
      { code: "DIFF_ID_MISMATCH" },
    );
  });

  it("makes the same trees as unpacking does, of 300 random images that share some layers, one update after the other", async () => {
    for (let seed = 1; seed <= 100; seed++) {
      const random = randomFrom(seed);
      let stack = randomStack(random);
      let donor = new Site();
      try {
        await unpackDonor(donor, stack);
        for (let update = 0; update < 3; update++) {
          const common = 1 + random(stack.length - 1);
          stack = [
            ...stack.slice(0, common),
            randomLayer(random, true),
            ...(random(2) === 0 ? [] : [randomLayer(random, true)]),
          ];
          using fresh = new Site();
          await apply(
            fresh.root,
            stack.map((layer) => layerOf(layer)),
          );
          const before = described(donor.root);
          const site = new Site();
          await unpackFrom(donor, site, stack, common);
          assert.deepEqual(described(site.root), described(fresh.root), `seed ${seed}, update ${update}`);
          assert.deepEqual(described(donor.root), before, `seed ${seed}, update ${update}: the old tree`);
          donor[Symbol.dispose]();
          assert.deepEqual(
            described(site.root, { outside: true }),
            described(fresh.root, { outside: true }),
            `seed ${seed}, update ${update}: alone`,
          );
          donor = site;
        }
      } finally {
        donor[Symbol.dispose]();
      }
    }
  });
});
