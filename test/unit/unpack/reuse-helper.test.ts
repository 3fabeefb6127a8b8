import assert from "node:assert/strict";
import { chmodSync, lstatSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import { LIMITS } from "../../../src/limits.ts";
import { sealOf } from "../../../src/store/seal.ts";
import type { Helper } from "../../../src/unpack/files.ts";
import { applyImage } from "../../../src/unpack/image.ts";
import { readInventory } from "../../../src/unpack/inventory.ts";
import { directory, file, hardLink, tar } from "../../fixtures/tar.ts";
import { described } from "../../support/described.ts";
import { apply, inputsOf, layerOf, Site } from "./harness.ts";
import { promptHelper } from "./prompt-helper.ts";

const owners = process.geteuid?.() === 0;
const OWN = { uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0, mtime: 1000 };
/** So many files that a helper is there for the last ones. */
const FOLDERS = 12;
const FILES = 40;

const lower = tar(
  ...Array.from({ length: FOLDERS }, (_, folder) => [
    directory(`d${folder}`, OWN),
    ...Array.from({ length: FILES }, (_, index) => file(`d${folder}/${index}`, `${folder} ${index}`, OWN)),
  ]).flat(),
  ...Array.from({ length: FOLDERS }, (_, folder) => hardLink(`again${folder}`, `d${folder}/${FILES - 1}`, OWN)),
);
/** What the helper has been given of the layer below may still be under way. */
const middle = tar(
  file(`d${FOLDERS - 1}/5`, "newer", OWN),
  file(`d${FOLDERS - 1}/.wh.6`, ""),
  hardLink("late", `d${FOLDERS - 1}/7`, OWN),
);
const top = (content: string): Buffer => tar(file("entrypoint", content, { mode: 0o755, ...OWN }));
const layersOf = (content: string) => [lower, middle, top(content)].map((layer) => layerOf(layer));
const inventoryOf = (site: Site): string => `${site.root}.inventory`;

/** Updates from the tree at `old`. Answers the layers that were read all the same, and how many files are links. */
async function update(old: Site, site: Site, helper?: Helper): Promise<{ needed: readonly number[]; linked: number }> {
  let needed: readonly number[] = [];
  const { linkedFiles } = await applyImage(site.root, inputsOf(layersOf("2")), {
    limits: LIMITS,
    owners,
    inventory: inventoryOf(site),
    seal: `${site.root}.seal`,
    gate: { needs: (layers) => (needed = layers), ready: () => Promise.resolve() },
    reuse: { tree: old.root, inventory: inventoryOf(old), layers: 2, volumes: [], sharing: "links" },
    helper,
  });
  return { needed, linked: linkedFiles };
}

it("a helper links what one thread links, and what it refuses is copied or read again", async () => {
  using old = new Site();
  using alone = new Site();
  using together = new Site();
  using fresh = new Site();
  await applyImage(old.root, inputsOf(layersOf("1")), { limits: LIMITS, owners, inventory: inventoryOf(old) });
  // The first folders are linked before the helper is there.
  const last = `d${FOLDERS - 1}`;
  writeFileSync(join(old.root, last, "1"), "written");
  chmodSync(join(old.root, last, "2"), 0o600);
  writeFileSync(join(old.root, last, `${FILES - 1}`), "has two names");
  rmSync(join(old.root, `d${FOLDERS - 2}/3`));
  const { helper, starts } = promptHelper();
  const one = await update(old, alone);
  const two = await update(old, together, helper);
  await apply(fresh.root, layersOf("2"));
  assert.equal(starts(), 1);
  assert.deepEqual(two, one);
  assert.deepEqual(two.needed, [0]);
  assert.deepEqual(described(together.root), described(fresh.root));
  const ino = (site: Site, path: string): number => lstatSync(join(site.root, path)).ino;
  assert.equal(ino(together, `${last}/4`), ino(old, `${last}/4`));
  assert.notEqual(ino(together, `${last}/1`), ino(old, `${last}/1`));
  const entries = readInventory(inventoryOf(together), 3)?.layers.flatMap((layer) => layer.entries) ?? [];
  for (const entry of entries) if (entry.path !== "") assert.equal(entry.ino, ino(together, entry.path), entry.path);
  const seal = readFileSync(`${together.root}.seal`, "utf8").split("\n");
  assert.deepEqual(seal.sort(), await sealOf(together.root), "the seal is not the tree's");
});
