import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as zlib from "node:zlib";
import type { ErrorCode } from "../../../src/errors.ts";
import { DockerloaderError } from "../../../src/errors.ts";
import { file, tar } from "../../fixtures/tar.ts";
import type { TestLayer } from "./harness.ts";
import { apply, layerOf, Site, TAR, TAR_GZIP, TAR_ZSTD, treeOf } from "./harness.ts";

/** Chunks of one byte, of one more than a record, and of a usual size; a larger one holds the whole stream. */
const CHUNKS = [1, 513, 65_536, 10_000_000];
/** Content that compresses badly, so that frames have several blocks. */
const noise = Buffer.from(Array.from({ length: 150_000 }, (_, index) => (index * index * 31 + (index >> 3)) & 0xff));
const plain = tar(file("a", "1"), file("noise", noise), file("z", "2"));
const tree = { a: "1", noise: noise.toString("latin1"), z: "2" };
const middle = 50_000;

const gzip = zlib.gzipSync(plain);
const members = Buffer.concat([zlib.gzipSync(plain.subarray(0, middle)), zlib.gzipSync(plain.subarray(middle))]);
const zstd = zlib.zstdCompressSync(plain, { params: { [zlib.constants.ZSTD_c_checksumFlag]: 1 } });
const first = zlib.zstdCompressSync(plain.subarray(0, middle));
const second = zlib.zstdCompressSync(plain.subarray(middle));
const skippable = Buffer.from("\x53\x2a\x4d\x18\x05\0\0\0hello", "latin1");
const small = tar(file("a", "1"));

const flipped = (bytes: Buffer, at: number): Buffer => {
  const copy = Buffer.from(bytes);
  const index = at < 0 ? copy.length + at : at;
  copy[index] = (copy[index] ?? 0) ^ 0xff;
  return copy;
};

const GOOD: readonly (readonly [title: string, layer: TestLayer])[] = [
  ["gzip", layerOf(gzip, TAR_GZIP, plain)],
  ["gzip of two members", layerOf(members, TAR_GZIP, plain)],
  ["gzip with zeros behind", layerOf(Buffer.concat([gzip, Buffer.alloc(600)]), TAR_GZIP, plain)],
  ["zstd", layerOf(zstd, TAR_ZSTD, plain)],
  ["zstd of two frames", layerOf(Buffer.concat([first, second]), TAR_ZSTD, plain)],
  [
    "zstd with skippable frames everywhere",
    layerOf(Buffer.concat([skippable, first, skippable, second, skippable]), TAR_ZSTD, plain),
  ],
  ["the gzip type of Docker", layerOf(gzip, "application/vnd.docker.image.rootfs.diff.tar.gzip", plain)],
  [
    "a foreign layer whose blob is there",
    layerOf(gzip, "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", plain),
  ],
  [
    "a nondistributable layer whose blob is there",
    layerOf(zstd, "application/vnd.oci.image.layer.nondistributable.v1.tar+zstd", plain),
  ],
];

const zerosBetween = Buffer.concat([
  zlib.gzipSync(small.subarray(0, 512)),
  Buffer.alloc(8),
  zlib.gzipSync(small.subarray(512)),
]);
/** A frame that asks for a window of 2^31 bytes, and one empty last block. */
const longWindow = Buffer.from("\x28\xb5\x2f\xfd\0\xa8\u0001\0\0", "latin1");

const BAD: readonly (readonly [title: string, layer: TestLayer, code: ErrorCode])[] = [
  ["gzip with a wrong checksum", layerOf(flipped(gzip, -6), TAR_GZIP, plain), "LAYER_CORRUPT"],
  ["gzip cut short", layerOf(gzip.subarray(0, -20), TAR_GZIP, plain), "LAYER_CORRUPT"],
  [
    "gzip with garbage behind",
    layerOf(Buffer.concat([gzip, Buffer.from("garbage")]), TAR_GZIP, plain),
    "LAYER_CORRUPT",
  ],
  ["gzip cut between members", layerOf(zlib.gzipSync(small.subarray(0, 1024)), TAR_GZIP, small), "DIFF_ID_MISMATCH"],
  ["gzip with zeros between members", layerOf(zerosBetween, TAR_GZIP, small), "LAYER_CORRUPT"],
  ["zstd with a wrong checksum", layerOf(flipped(zstd, -1), TAR_ZSTD, plain), "LAYER_CORRUPT"],
  ["zstd cut short", layerOf(zstd.subarray(0, -20), TAR_ZSTD, plain), "LAYER_CORRUPT"],
  [
    "zstd cut within a skippable frame",
    layerOf(Buffer.concat([zstd, skippable.subarray(0, 10)]), TAR_ZSTD, plain),
    "LAYER_CORRUPT",
  ],
  [
    "zstd with garbage behind",
    layerOf(Buffer.concat([zstd, Buffer.from("garbage")]), TAR_ZSTD, plain),
    "LAYER_CORRUPT",
  ],
  ["zstd with a window of 2 GiB", layerOf(longWindow, TAR_ZSTD, plain), "LAYER_UNSUPPORTED"],
  ["xz", layerOf(Buffer.from("\xfd7zXZ\0\0\u0004abcdef", "latin1")), "LAYER_UNSUPPORTED"],
  ["bzip2", layerOf(Buffer.from("BZh91AY&SYabcdef", "latin1")), "LAYER_UNSUPPORTED"],
  ["lz4", layerOf(Buffer.from("\x04\x22\x4d\x18abcdef", "latin1")), "LAYER_UNSUPPORTED"],
  ["an encrypted layer", layerOf(gzip, `${TAR_GZIP}+encrypted`, plain), "LAYER_UNSUPPORTED"],
  ["a type that is no layer", layerOf(gzip, "application/octet-stream", plain), "LAYER_UNSUPPORTED"],
  ["a wrong diff_id", { ...layerOf(small), diffId: layerOf(plain).diffId }, "DIFF_ID_MISMATCH"],
  [
    "a diff_id without the bytes behind the end",
    layerOf(Buffer.concat([small, Buffer.alloc(512)]), TAR, small),
    "DIFF_ID_MISMATCH",
  ],
];

describe("compression of layers", () => {
  for (const [title, layer] of GOOD) {
    it(`unpacks ${title}`, async () => {
      for (const chunkSize of CHUNKS) {
        using site = new Site();
        const report = await apply(site.root, [layer], chunkSize);
        assert.deepEqual(treeOf(site.root), tree);
        assert.deepEqual(report.warnings, []);
        assert.equal(report.bytes, noise.length + 2);
      }
    });
  }

  it("unpacks small layers that come byte by byte", async () => {
    const frames = [
      skippable,
      zlib.zstdCompressSync(small.subarray(0, 700)),
      zlib.zstdCompressSync(small.subarray(700)),
    ];
    for (const stored of [zlib.gzipSync(small), Buffer.concat(frames)]) {
      using site = new Site();
      await apply(site.root, [layerOf(stored, stored[0] === 0x1f ? TAR_GZIP : TAR_ZSTD, small)], 1);
      assert.deepEqual(treeOf(site.root), { a: "1" });
    }
  });

  it("unpacks gzip of two members, wherever the first one ends", async () => {
    for (let end = 0; end <= small.length; end += 7) {
      const stored = Buffer.concat([zlib.gzipSync(small.subarray(0, end)), zlib.gzipSync(small.subarray(end))]);
      using site = new Site();
      await apply(site.root, [layerOf(stored, TAR_GZIP, small)], 513);
      assert.deepEqual(treeOf(site.root), { a: "1" });
    }
  });

  for (const [title, layer, code] of BAD) {
    it(`refuses ${title}`, async () => {
      for (const chunkSize of CHUNKS) {
        using site = new Site();
        await assert.rejects(apply(site.root, [layer], chunkSize), (error: unknown) => {
          assert.ok(error instanceof DockerloaderError, String(error));
          assert.equal(error.code, code, error.message);
          assert.equal(typeof error.details["rule"], "string");
          return true;
        });
      }
    });
  }

  it("unpacks zstd blocks that repeat one byte", async () => {
    using site = new Site();
    // A frame without sizes, a window of 1 KiB, and a last block of run-length type: 1024 zeros in one byte.
    const frame = Buffer.from("\x28\xb5\x2f\xfd\0\0\u0003\x20\0\0", "latin1");
    await apply(site.root, [layerOf(frame, TAR_ZSTD, Buffer.alloc(1024))]);
    assert.deepEqual(treeOf(site.root), {});
  });

  it("goes by the first bytes and warns when the media type says otherwise", async () => {
    for (const layer of [layerOf(zstd, TAR_GZIP, plain), layerOf(plain, TAR_GZIP)]) {
      using site = new Site();
      const { warnings } = await apply(site.root, [layer]);
      assert.deepEqual(treeOf(site.root), tree);
      assert.match(warnings.join(), /^1 layers whose media type/);
    }
  });
});
