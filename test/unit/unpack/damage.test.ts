import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { DockerloaderError } from "../../../src/errors.ts";
import { directory, file, hardLink, symlink, tar } from "../../fixtures/tar.ts";
import { apply, layerOf, Site, TAR_GZIP, TAR_ZSTD, treeOf } from "./harness.ts";

const MUTATIONS = 120;

/** A small generator of numbers below `limit`, the same on every run. */
function randomFrom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

function mutated(bytes: Buffer, random: (limit: number) => number): Buffer {
  const copy = Buffer.from(bytes);
  for (let left = 1 + random(3); left > 0; left--) copy[random(copy.length)] = random(256);
  return random(4) === 0 ? copy.subarray(0, random(copy.length)) : copy;
}

/** Everything that can go wrong with a layer has to be one of these. */
const LAYER_CODES = /^(?:LAYER_(?:CORRUPT|HOSTILE|LIMIT|UNSUPPORTED)|DIFF_ID_MISMATCH)$/;

function assertLayerError(error: unknown): void {
  assert.ok(error instanceof DockerloaderError, String(error));
  assert.match(error.code, LAYER_CODES, error.message);
}

describe("damaged layers", () => {
  it("accepts an archive cut anywhere only when what it holds is complete", async () => {
    const whole = tar(file("a", "1"), symlink("s", "a"), file("b", "2"));
    const prefixes = [{}, { a: "1" }, { a: "1", s: "-> a" }, { a: "1", s: "-> a", b: "2" }].map((tree) =>
      JSON.stringify(tree, Object.keys(tree).sort()),
    );
    let accepted = 0;
    for (let length = 0; length <= whole.length; length += length % 512 > 4 && length % 512 < 508 ? 24 : 1) {
      using site = new Site();
      const found = await apply(site.root, [layerOf(whole.subarray(0, length))]).then(() => {
        const tree = treeOf(site.root);
        return JSON.stringify(tree, Object.keys(tree).sort());
      }, assertLayerError);
      if (found === undefined) continue;
      accepted += 1;
      assert.ok(prefixes.includes(found), `cut at ${length}: ${found}`);
    }
    assert.ok(accepted >= 6, `only ${accepted} cuts at boundaries were accepted`);
  });

  for (const [name, mediaType, compress] of [
    ["plain", "application/vnd.oci.image.layer.v1.tar", (bytes: Buffer) => bytes],
    ["gzip", TAR_GZIP, (bytes: Buffer) => gzipSync(bytes)],
    ["zstd", TAR_ZSTD, (bytes: Buffer) => zstdCompressSync(bytes)],
  ] as const) {
    it(`turns ${MUTATIONS} seeded mutations of a ${name} layer into errors or trees, and touches nothing else`, async () => {
      const random = randomFrom(20_260_101);
      let refused = 0;
      for (let round = 0; round < MUTATIONS; round++) {
        using site = new Site();
        const upper = tar(
          directory("d", { pax: { mtime: "12.5" } }),
          symlink("esc", site.victim),
          file("esc/pwn", "1"),
          hardLink("h", "d/x"),
          file("d/.wh.y"),
          file("../up", "2", { pax: { path: "../up/and/out" } }),
          file("e/.wh..wh..opq"),
        );
        const lower = tar(file("d/x", "x"), file("d/y", "y"), file("e/z", "z"));
        const bytes = mutated(compress(upper), random);
        // The mutation of a plain layer is to reach the entries: its diff_id is the one of what it became.
        const layer = name === "plain" ? layerOf(bytes) : layerOf(bytes, mediaType, upper);
        await apply(site.root, [layerOf(lower), layer], 1 + random(2000)).catch((error: unknown) => {
          refused += 1;
          assertLayerError(error);
        });
        assert.ok(site.victimUntouched, `round ${round} touched something outside of the root`);
      }
      assert.ok(refused > 0);
    });
  }
});
