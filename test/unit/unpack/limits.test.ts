import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import type { Limits } from "../../../src/limits.ts";
import { directory, entry, file, tar } from "../../fixtures/tar.ts";
import type { TestLayer } from "./harness.ts";
import { apply, layerOf, Site, TAR_GZIP, treeOf } from "./harness.ts";

const files = (count: number): Buffer[] => Array.from({ length: count }, (_, index) => file(`f${index}`));
const zeros = tar(file("zeros", Buffer.alloc(1_000_000)));
const pax = { "user.comment": "c".repeat(600) };

const CASES: readonly (readonly [title: string, limits: Partial<Limits>, layers: readonly TestLayer[]])[] = [
  ["layers", { layers: 1 }, [layerOf(tar()), layerOf(tar())]],
  ["entries over all layers", { entries: 5 }, [layerOf(tar(...files(3))), layerOf(tar(...files(3)))]],
  ["bytes of a file", { fileBytes: 999_999 }, [layerOf(zeros)]],
  ["uncompressed bytes over all layers", { unpackedBytes: 1_500_000 }, [layerOf(zeros), layerOf(zeros)]],
  ["the ratio of a layer", { ratio: 10, ratioFromBytes: 100_000 }, [layerOf(gzipSync(zeros), TAR_GZIP, zeros)]],
  ["levels of a name", { pathDepth: 3 }, [layerOf(tar(file("a/b/c/d")))]],
  [
    "levels of a path behind a link",
    { pathDepth: 3 },
    [layerOf(tar(entry("s", { type: "2", linkname: "a/b/c" }), file("s/d")))],
  ],
  ["bytes of a name", { pathBytes: 10 }, [layerOf(tar(file("aaaa/bbbb/cccc")))]],
  ["bytes of one extended header", { extendedHeaderBytes: 500 }, [layerOf(tar(file("f", "", { pax })))]],
  [
    "bytes of all extended headers",
    { extendedHeadersBytes: 1000 },
    [layerOf(tar(file("f", "", { pax }), file("g", "", { pax })))],
  ],
];

describe("limits of unpacking", () => {
  for (const [title, limits, layers] of CASES) {
    it(`stops at the limit of ${title}`, async () => {
      using site = new Site();
      await assert.rejects(apply(site.root, layers, 65_536, limits), { code: "LAYER_LIMIT" });
      using other = new Site();
      await apply(other.root, layers);
    });
  }

  it("removes what 8,000 opaque whiteouts hide, one after each new file", async () => {
    using site = new Site();
    const opaque = file("a/.wh..wh..opq");
    const pairs = Array.from({ length: 8000 }, (_, index) => [file(`a/n${index}`), opaque]).flat();
    const { entries } = await apply(site.root, [layerOf(tar(directory("a"), file("a/old"))), layerOf(tar(...pairs))]);
    assert.equal(entries, 16_002);
    const tree = treeOf(site.root);
    assert.equal(Object.keys(tree).length, 8001);
    assert.equal(tree["a/old"], undefined);
  });

  it("refuses a root that is not empty", async () => {
    using site = new Site();
    await apply(site.root, [layerOf(tar(file("a")))]);
    await assert.rejects(apply(site.root, []), { code: "INTERNAL" });
  });

  it("names the volume when the root is missing", async () => {
    using site = new Site();
    await assert.rejects(apply(`${site.root}/none`, []), { code: "STORE_IO" });
  });
});
