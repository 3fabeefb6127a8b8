import assert from "node:assert/strict";
import { test } from "node:test";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { type Digest, digestOf } from "../../../src/digest.ts";
import { parseImageConfig, parseImageManifest } from "../../../src/registry/manifest.ts";
import { type BuiltImage, buildImage } from "../../../src/testing/image.ts";

const LAYERS = [{ files: { entrypoint: "#!/bin/sh\n" } }, { files: { ".wh.old": "" } }] as const;

const OCI_NAMES: Readonly<Record<string, string>> = { x64: "amd64", ia32: "386" };

function layerOf(image: BuiltImage, index: number): { mediaType: string; bytes: Buffer } {
  const { layers } = parseImageManifest(image.manifest, "built");
  const layer = layers[index];
  const bytes = layer === undefined ? undefined : image.blobs.get(layer.digest as Digest);
  assert.ok(layer !== undefined && bytes !== undefined);
  assert.equal(bytes.length, layer.size);
  return { mediaType: layer.mediaType, bytes };
}

test("the same input gives the same image", async () => {
  const input = { layers: LAYERS, config: { Env: ["A=1"] }, labels: { team: "blue" } };
  const [one, other] = [await buildImage(input), await buildImage(input)];
  assert.equal(one.digest, other.digest);
  assert.deepEqual(one, other);
});

test("every blob has the digest it is stored under and the manifest has the image's", async () => {
  const image = await buildImage({ layers: LAYERS });
  assert.equal(image.blobs.size, 3);
  for (const [digest, bytes] of image.blobs) assert.equal(digestOf(bytes), digest);
  assert.equal(digestOf(image.manifest), image.digest);
  assert.deepEqual(image.blobs.get(digestOf(image.config)), image.config);
});

test("the registry client's parsers accept the manifest and the config of both families", async () => {
  for (const mediaTypes of ["oci", "docker"] as const) {
    const image = await buildImage({ layers: LAYERS, mediaTypes });
    const manifest = parseImageManifest(image.manifest, "built");
    const config = parseImageConfig(image.config, manifest, "built");
    assert.deepEqual(config.diffIds, image.diffIds);
    assert.equal(manifest.layers.length, 2);
    assert.equal(image.mediaType.includes(mediaTypes), true);
  }
});

test("a layer is compressed as asked, and its diff id is the digest of the archive", async () => {
  const open = {
    gzip: (bytes: Buffer) => gunzipSync(bytes),
    zstd: (bytes: Buffer) => zstdDecompressSync(bytes),
    none: (bytes: Buffer) => bytes,
  } as const;
  const suffix = { gzip: "gzip", zstd: "zstd", none: "tar" } as const;
  for (const compression of ["gzip", "zstd", "none"] as const) {
    const image = await buildImage({ layers: LAYERS, compression });
    const { mediaType, bytes } = layerOf(image, 0);
    assert.equal(digestOf(open[compression](bytes)), image.diffIds[0]);
    assert.equal(mediaType.endsWith(suffix[compression]), true, mediaType);
  }
});

test("a gzip header tells neither a time nor a system", async () => {
  const { bytes } = layerOf(await buildImage({ layers: LAYERS }), 0);
  assert.deepEqual([...bytes.subarray(4, 8)], [0, 0, 0, 0]);
  assert.equal(bytes[9], 255);
});

test("the platform is this machine in the names of the image specification, unless given", async () => {
  const own = JSON.parse((await buildImage({ layers: [] })).config.toString());
  assert.equal(own.architecture, OCI_NAMES[process.arch] ?? process.arch);
  assert.equal(own.os, "linux");
  const platform = { os: "linux", architecture: "arm", variant: "v7" };
  const other = await buildImage({ layers: [], platform });
  const { os, architecture, variant } = JSON.parse(other.config.toString());
  assert.deepEqual({ os, architecture, variant }, platform);
  assert.deepEqual(other.platform, platform);
});

test("config fields and labels reach the image config", async () => {
  const image = await buildImage({ layers: [], config: { WorkingDir: "/srv" }, labels: { a: "b" } });
  assert.deepEqual(JSON.parse(image.config.toString()).config, { WorkingDir: "/srv", Labels: { a: "b" } });
});
