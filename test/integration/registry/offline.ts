/** Layouts and archives, written file by file: good ones, and such as nobody should write. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import type { ImageSource } from "../../../src/registry/source.ts";
import { buildImage, type BuiltImage } from "../../../src/testing/index.ts";
import { file, tar } from "../../fixtures/tar.ts";

const folder = mkdtempSync(join(tmpdir(), "dockerloader-archive-"));
after(() => rmSync(folder, { recursive: true, force: true }));
let places = 0;
export const place = (): string => join(folder, `place${(places += 1)}`);

const [one, two] = await Promise.all(
  ["1", "2"].map((version) =>
    buildImage({ layers: [{ files: { entrypoint: "#!/bin/sh\n", version } }], compression: "none" }),
  ),
);
assert.ok(one !== undefined && two !== undefined);
/** Two versions of an image. */
export const first: BuiltImage = one;
export const second: BuiltImage = two;

type Files = Record<string, string | Buffer>;

interface Tagged {
  readonly image: BuiltImage;
  readonly name?: string;
  readonly more?: object;
}

/** The files of an OCI layout with these images. */
export function layoutOf(...images: readonly Tagged[]): Files {
  const files: Files = { "oci-layout": '{"imageLayoutVersion":"1.0.0"}' };
  const manifests = images.map(({ image, name, more }) => {
    for (const [digest, bytes] of [...image.blobs, [image.digest, image.manifest] as const])
      files[`blobs/${digest.replace(":", "/")}`] = bytes;
    const annotations = name === undefined ? {} : { "org.opencontainers.image.ref.name": name };
    return { mediaType: image.mediaType, digest: image.digest, size: image.manifest.length, annotations, ...more };
  });
  files["index.json"] = JSON.stringify({ schemaVersion: 2, manifests });
  return files;
}

export function writeFolder(path: string, files: Files): void {
  for (const [name, bytes] of Object.entries(files)) {
    mkdirSync(dirname(join(path, name)), { recursive: true });
    writeFileSync(join(path, name), bytes);
  }
}

export const archiveOf = (files: Files): Buffer =>
  tar(...Object.entries(files).map(([name, bytes]) => file(name, bytes)));

/** What `docker save` writes of an image. */
export function savedOf(image: BuiltImage, ...tags: readonly string[]): Files {
  const { config, layers } = JSON.parse(image.manifest.toString()) as {
    config: { digest: string };
    layers: { digest: string }[];
  };
  const blob = (digest: string): Buffer => [...image.blobs].find(([name]) => name === digest)?.[1] ?? Buffer.alloc(0);
  const named = layers.map(({ digest }, at) => [`layer${at}/layer.tar`, blob(digest)] as const);
  return {
    "config.json": blob(config.digest),
    ...Object.fromEntries(named),
    "manifest.json": JSON.stringify([{ Config: "config.json", RepoTags: tags, Layers: named.map(([name]) => name) }]),
  };
}

/** The whole of an image, as a pull reads it. */
export async function readAll(source: ImageSource): Promise<{ digest: string; bytes: number }> {
  const image = await source.image();
  let bytes = 0;
  for (const layer of image.manifest.layers)
    await source.blob(layer, { write: (chunk) => void (bytes += chunk.length), reset: () => {} });
  return { digest: image.digest, bytes };
}

export const layerBytes = (image: BuiltImage): number =>
  (JSON.parse(image.manifest.toString()) as { layers: { size: number }[] }).layers.reduce(
    (sum, { size }) => sum + size,
    0,
  );
