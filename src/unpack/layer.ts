import { type ContentDigest, hashLike } from "../digest.ts";
import { EntryWriter } from "./apply.ts";
import { statedCompression, uncompressed } from "./decompress.ts";
import { LayerFault, toLayerError } from "./faults.ts";
import type { ImageState } from "./image-state.ts";
import { TarParser, type TarSink } from "./tar-parser.ts";
import { AUFS_LINKS } from "./whiteouts.ts";

/** One layer and how to read it. */
export interface LayerInput {
  readonly mediaType: string;
  readonly digest: ContentDigest;
  readonly diffId: ContentDigest;
  /** Compressed bytes. */
  readonly size: number;
  open(): AsyncIterable<Uint8Array>;
}

/** Bytes after the end of an archive that nobody needs to hear of. */
const TRAILING_BYTES = 1024 * 1024;

/** Applies one layer and checks its diff_id (rule A47). `pause` is awaited after each piece. Throws a DockerloaderError. */
export async function applyLayer(
  image: ImageState,
  layer: LayerInput,
  bottom: boolean,
  pause: () => Promise<void> | void,
): Promise<void> {
  const writer = new EntryWriter(image, bottom);
  try {
    image.recorder?.layer(layer.diffId);
    await streamLayer(image, layer, writer, pause);
    image.files.settle();
    image.tree.remove(AUFS_LINKS);
  } catch (error) {
    throw toLayerError(error, layer.digest, writer.current);
  } finally {
    writer.close();
  }
}

/** Reads a layer to its end, whatever the sink makes of the entries, and checks its diff_id. */
export async function streamLayer(
  { budget, warnings }: ImageState,
  layer: LayerInput,
  sink: TarSink,
  pause: () => Promise<void> | void,
): Promise<void> {
  const stated = statedCompression(layer.mediaType);
  const parser = new TarParser(sink, budget.limits);
  const hash = hashLike(layer.diffId);
  let bytes = 0;
  const pieces = uncompressed(layer.open(), (found) => {
    if (found !== stated) warnings.add("label", layer.digest);
  });
  for await (const piece of pieces) {
    bytes += piece.length;
    budget.stream(piece.length, bytes, layer.size);
    hash.update(piece);
    parser.push(piece);
    await pause();
  }
  parser.finish();
  if (parser.trailing > TRAILING_BYTES) warnings.add("trailing", layer.digest);
  const actual = hash.digest();
  if (actual !== layer.diffId) {
    throw new LayerFault(
      "DIFF_ID_MISMATCH",
      "A47",
      `unpacked it is ${actual}, the image config states ${layer.diffId}`,
      "build and push the image again",
    );
  }
}
