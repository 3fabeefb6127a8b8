import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { execFileSync } from "node:child_process";
import { gzipSync } from "node:zlib";
import { DockerloaderError } from "../../../src/errors.ts";
import type { LayerSource, UnpackRequest } from "../../../src/unpack/index.ts";
import { unpackHere, unpackImage } from "../../../src/unpack/index.ts";
import { entry, file, tar } from "../../fixtures/tar.ts";
import type { TestLayer } from "../../unit/unpack/harness.ts";
import { layerOf, Site, TAR_GZIP, treeOf } from "../../unit/unpack/harness.ts";
import { digestOf } from "../../../src/digest.ts";

/** Files before the abort, and turns of the event loop after it. */
const HALF = 800;
const TURNS = 100;
const gz = (plain: Buffer): TestLayer => layerOf(gzipSync(plain), TAR_GZIP, plain);

/** The layers as blobs in files beside the root. */
function stored(site: Site, layers: readonly TestLayer[]): LayerSource[] {
  return layers.map(({ stored: bytes, mediaType, diffId }, index) => {
    const path = join(site.victim, `../blob${index}`);
    writeFileSync(path, bytes);
    return { path, mediaType, diffId, digest: digestOf(bytes), size: bytes.length };
  });
}

const stack = [gz(tar(file("a", "1"), file("b", "2"))), gz(tar(file(".wh.a"), entry("null", { type: "3" })))];
const ways = {
  "in a worker": unpackImage,
  "on the calling thread": (request: UnpackRequest) => unpackHere(request, undefined),
};

describe("unpacking an image", () => {
  for (const [how, unpack] of Object.entries(ways)) {
    it(`applies all layers and reports ${how}`, async () => {
      using site = new Site();
      const report = await unpack({ root: site.root, layers: stored(site, stack) });
      assert.deepEqual(treeOf(site.root), { b: "2" });
      assert.deepEqual([report.entries, report.bytes, report.warnings.length], [4, 2, 1]);
    });

    it(`rejects with code, message, hint and details ${how}`, async () => {
      using site = new Site();
      const layers = stored(site, [
        gz(tar(entry("bad\xff", { type: "7" }))),
        { ...gz(tar()), mediaType: "text/plain" },
      ]);
      const request = { root: site.root, layers };
      await assert.rejects(unpack(request), (error: unknown) => {
        assert.ok(error instanceof DockerloaderError);
        assert.equal(error.code, "LAYER_UNSUPPORTED");
        assert.match(error.message, /^layer sha256:[0-9a-f]{12}, entry "bad\\xff": .* \(rule A27\)$/);
        assert.deepEqual(error.details, { layer: layers[0]?.digest, entry: "bad\\xff", rule: "A27" });
        return true;
      });
      using other = new Site();
      await assert.rejects(unpack({ root: other.root, layers: layers.slice(1) }), (error: unknown) => {
        assert.ok(error instanceof DockerloaderError);
        assert.match(error.hint ?? "", /gzip or zstd/);
        return true;
      });
    });

    it(`names a blob that is missing ${how}`, async () => {
      using site = new Site();
      const layers = stored(site, stack).map((layer) => ({ ...layer, path: `${layer.path}.none` }));
      await assert.rejects(unpack({ root: site.root, layers }), { code: "STORE_IO", message: /blob0\.none/ });
    });

    it(`keeps to the limits of the request ${how}`, async () => {
      using site = new Site();
      const request = { root: site.root, layers: stored(site, stack), limits: { entries: 3 } };
      await assert.rejects(unpack(request), { code: "LAYER_LIMIT", message: /limit of 3 / });
    });
  }

  it("does not begin when it is aborted already", async () => {
    using site = new Site();
    const request = { root: site.root, layers: stored(site, stack) };
    await assert.rejects(unpackImage(request, { signal: AbortSignal.abort() }), { code: "ABORTED" });
    assert.deepEqual(treeOf(site.root), {});
  });

  it("ends the worker when it is aborted on the way", async () => {
    using site = new Site();
    const fifo = join(site.base, "fifo");
    execFileSync("mkfifo", [fifo]);
    const layers = [{ ...gz(tar()), path: fifo, digest: digestOf("fifo"), size: 1 }];
    const controller = new AbortController();
    const unpacked = unpackImage({ root: site.root, layers }, { signal: controller.signal });
    // Opening a fifo waits for its reader: the worker is at work then.
    const writer = await open(fifo, "w");
    const rejected = assert.rejects(unpacked, { code: "ABORTED" });
    controller.abort();
    await writer.close();
    await rejected;
  });

  it("writes nothing any more once it is aborted in the middle of many files", async () => {
    using site = new Site();
    const fifo = join(site.base, "fifo");
    execFileSync("mkfifo", [fifo]);
    const half = Buffer.concat(Array.from({ length: HALF }, (_, index) => file(`f${index}`, `${index}`)));
    const layers = [{ ...layerOf(half), path: fifo, digest: digestOf("fifo"), size: half.length }];
    const controller = new AbortController();
    const unpacked = unpackImage({ root: site.root, layers }, { signal: controller.signal });
    const rejected = assert.rejects(unpacked, { code: "ABORTED" });
    const writer = await open(fifo, "w");
    // Returns when the worker has taken all of it but what a pipe holds.
    await writer.write(half);
    controller.abort();
    await rejected;
    await writer.close();
    const names = readdirSync(site.root);
    assert.ok(names.length > 0 && names.length < HALF, `${names.length} files were there when it was aborted`);
    for (let left = TURNS; left > 0; left -= 1) await nextTurn();
    assert.deepEqual(readdirSync(site.root), names);
  });

  it("stops on the calling thread when it is aborted on the way", async () => {
    using site = new Site();
    const controller = new AbortController();
    const unpacked = unpackHere({ root: site.root, layers: stored(site, stack) }, controller.signal);
    controller.abort();
    await assert.rejects(unpacked, { code: "ABORTED" });
  });

  it("lets other work run between two pieces on the calling thread", async () => {
    using site = new Site();
    const big = tar(...Array.from({ length: 20 }, (_, index) => file(`f${index}`, Buffer.alloc(200_000))));
    let turns = 0;
    let done = false;
    const turn = (): void => {
      turns += 1;
      if (!done) setImmediate(turn);
    };
    setImmediate(turn);
    await unpackHere({ root: site.root, layers: stored(site, [layerOf(big)]) }, undefined);
    done = true;
    assert.ok(turns >= 4, `only ${turns} turns of the event loop`);
  });
});
