import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { unpackImage } from "../../../src/unpack/index.ts";
import { needs } from "../../support/preconditions.ts";
import { Layout } from "./support/layout.ts";
import { SHAPES, type Shape } from "./support/shapes.ts";
import { ask, Scratch } from "./support/tools.ts";
import { compare, treeOf } from "./support/trees.ts";

/** The largest image as a blob and as two trees, and as much again. */
const SCRATCH_BYTES = 3 * 2 ** 30;

const hash = (path: Buffer): string => createHash("sha256").update(readFileSync(path)).digest("hex");

/** Applies the image by our unpacker, as an update does, and by umoci; how many paths were compared. */
async function check(folder: string, { layers, gzip }: Shape): Promise<number> {
  const layout = new Layout(join(folder, "layout"));
  const root = join(folder, "ours");
  const theirs = join(folder, "theirs");
  const sources = layout.add(
    "t",
    (await layers()).map((bytes) => ({ tar: bytes, gzip })),
  );
  layout.finish();
  mkdirSync(root);
  await unpackImage({ root, layers: sources });
  const answer = await ask("umoci", ["raw", "unpack", "--image", `${layout.path}:t`, theirs]);
  assert.ok(answer.ok, answer.said);
  const ours = treeOf(root, hash);
  assert.deepEqual(compare(ours, treeOf(theirs, hash)), []);
  return ours.size;
}

describe("images as people have them", needs("comparisons with umoci", ["umoci", "debootstrap", "busybox"]), () => {
  for (const shape of SHAPES) {
    it(`${shape.name}: the tree is umoci's`, async (test) => {
      using scratch = new Scratch(SCRATCH_BYTES);
      test.diagnostic(`${await check(scratch.path, shape)} paths`);
    });
  }
});
