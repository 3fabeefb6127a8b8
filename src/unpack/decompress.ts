import { once } from "node:events";
import type { Transform } from "node:stream";
import * as zlib from "node:zlib";
import { releaseBehind } from "../release.ts";
import { ByteCursor } from "./byte-cursor.ts";
import { LayerFault } from "./faults.ts";
import { frameBytes, isZstd, nextFrame } from "./zstd-frames.ts";

/** Bytes that a decoder makes at a time: a quarter of a MiB is where larger pieces stop to pay. */
const OUTPUT_BYTES = 256 * 1024;

export type Compression = "none" | "gzip" | "zstd";

/** Bytes that are enough to tell every compression. */
const HEAD_BYTES = 10;

const REFUSED: readonly (readonly [name: string, magic: string])[] = [
  ["xz", "\xfd7zXZ\0"],
  ["bzip2", "BZh[1-9]1AY&SY"],
  ["lz4", "\x04\x22\x4d\x18"],
];

const MEDIA_TYPES =
  /^application\/vnd\.(?:oci\.image\.layer\.(?:nondistributable\.)?v1\.tar(?:\+(gzip|zstd))?|docker\.image\.rootfs\.(?:foreign\.)?diff\.tar(?:\.(gzip|zstd))?)$/;

/** The compression that a layer's media type states (image-spec, layer.md; Docker's schema 2). Throws for what is no layer we can apply. */
export function statedCompression(mediaType: string): Compression {
  const match = MEDIA_TYPES.exec(mediaType);
  if (match === null) {
    throw new LayerFault(
      "LAYER_UNSUPPORTED",
      "A46",
      `the media type "${mediaType.slice(0, 128)}" is none of a tar layer, plain or with gzip or zstd`,
      "build the image with gzip or zstd layers, without encryption",
    );
  }
  const name = match[1] ?? match[2];
  return name === "gzip" || name === "zstd" ? name : "none";
}

/** The compression by its first bytes; the media type is often wrong. Throws for what is recognised and not supported (rule A46). */
export function detectCompression(head: Buffer): Compression {
  if (head.length >= 3 && head.readUIntBE(0, 3) === 0x1f8b08) return "gzip";
  if (isZstd(head)) return "zstd";
  const text = head.toString("latin1");
  const refused = REFUSED.find(([, magic]) => new RegExp(`^${magic}`).test(text));
  if (refused === undefined) return "none";
  throw new LayerFault(
    "LAYER_UNSUPPORTED",
    "A46",
    `the layer is compressed with ${refused[0]}`,
    "push the image again with gzip or zstd layers",
  );
}

/**
 * Runs bytes through a decoder: a piece goes in when the last one is used up, so that its memory can be used again. Whoever stops
 * reading frees both. What comes out is valid until the next piece is asked for.
 */
async function* through(bytes: AsyncIterable<Buffer>, decoder: Transform): AsyncGenerator<Buffer> {
  const fed = feed(bytes, decoder);
  try {
    for await (const piece of decoder) {
      yield piece as Buffer;
      releaseBehind(piece as Buffer);
    }
  } finally {
    decoder.destroy();
    await fed;
  }
}

/** Never rejects: a failure of the source becomes one of the decoder. */
async function feed(bytes: AsyncIterable<Buffer>, decoder: Transform): Promise<void> {
  const closed = once(decoder, "close").catch(() => undefined);
  try {
    for await (const piece of bytes) {
      const used = new Promise<void>((resolve) => decoder.write(piece, () => resolve()));
      await Promise.race([used, closed]);
      if (decoder.destroyed) return;
    }
    decoder.end();
  } catch (error) {
    decoder.destroy(error instanceof Error ? error : new Error(String(error)));
  }
}

function zstdDecoder(): Transform {
  if (typeof zlib.createZstdDecompress === "function") {
    return zlib.createZstdDecompress({ chunkSize: OUTPUT_BYTES });
  }
  throw new LayerFault("LAYER_UNSUPPORTED", "A45", "this Node has no zstd", "run on Node 22.15 or later");
}

/**
 * The uncompressed stream of a layer; `detected` is told its compression first. A piece is valid until the next one is asked for. Constant
 * memory; frees the source in the end.
 */
export async function* uncompressed(
  chunks: AsyncIterable<Uint8Array>,
  detected: (compression: Compression) => void,
): AsyncGenerator<Buffer> {
  const cursor = new ByteCursor(chunks);
  try {
    const head = await cursor.peek(HEAD_BYTES);
    const compression = detectCompression(head);
    if (head.length > 0) detected(compression);
    if (compression === "none") yield* cursor.rest();
    else if (compression === "gzip") {
      yield* through(cursor.rest(), zlib.createGunzip({ chunkSize: OUTPUT_BYTES }));
    } else {
      while (await nextFrame(cursor)) yield* through(frameBytes(cursor), zstdDecoder());
    }
  } finally {
    await cursor.close();
  }
}
