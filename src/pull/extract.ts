import { digestOf, type Digest } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import type { Logger } from "../log/logger.ts";
import { type ImageConfig, type ImageManifest, parseImageConfig, parseImageManifest } from "../registry/manifest.ts";
import type { Store } from "../store/index.ts";
import { unpackImage } from "../unpack/index.ts";

export interface ExtractOptions {
  readonly reference: string;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Unpacks a downloaded image into a published tree that can be executed. A tree that is there and can run is kept.
 * Nothing is visible under the digest before every layer is applied and verified and the entrypoint is checked.
 */
export async function extractImage(store: Store, digest: Digest, options: ExtractOptions): Promise<void> {
  if (store.trees.receipt(digest) !== undefined && store.trees.fault(digest) === undefined) return;
  const tree = store.trees.begin();
  try {
    const { entries, bytes, labels } = await unpackStored(store, digest, tree.root, options);
    await tree.publish({ digest, reference: options.reference, entries, bytes, labels });
  } finally {
    await tree.discard();
  }
}

export interface Unpacked {
  readonly entries: number;
  readonly bytes: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Unpacks an image of the store into an empty directory. On failure the directory holds a part: the caller removes it. */
export async function unpackStored(
  store: Store,
  digest: Digest,
  root: string,
  { log, signal }: Pick<ExtractOptions, "log" | "signal">,
): Promise<Unpacked> {
  const { manifest, config } = readImage(store, digest);
  const layers = manifest.layers.map((layer, index) => ({
    path: store.blobs.path(layer.digest),
    mediaType: layer.mediaType,
    digest: layer.digest,
    diffId: config.diffIds[index] ?? layer.digest,
    size: layer.size,
  }));
  const { entries, bytes, warnings } = await unpackImage({ root, layers }, { signal });
  for (const message of warnings) log.emit({ type: "image.warning", digest, message });
  log.emit({ type: "image.extracted", digest, entries, bytes });
  return { entries, bytes, labels: config.labels };
}

/** The image as the store holds it; manifest and config are verified by their digests. */
function readImage(store: Store, digest: Digest): { manifest: ImageManifest; config: ImageConfig } {
  const bytes = store.images.manifest(digest);
  if (bytes === undefined) throw missing("manifest", digest);
  const manifest = parseImageManifest(bytes, digest);
  const configBytes = store.blobs.read(manifest.config.digest);
  if (configBytes === undefined || digestOf(configBytes) !== manifest.config.digest) throw missing("config", digest);
  return { manifest, config: parseImageConfig(configBytes, manifest, digest) };
}

function missing(what: string, digest: Digest): DockerloaderError {
  return new DockerloaderError("STORE_CORRUPT", `the ${what} of ${digest} is missing or damaged on the volume`, {
    hint: "it is fetched again at the next check",
    retryable: true,
  });
}
