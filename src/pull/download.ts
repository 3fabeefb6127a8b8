import type { Logger } from "../log/logger.ts";
import { DockerloaderError } from "../errors.ts";
import { countProgress } from "../log/progress.ts";
import { LIMITS } from "../limits.ts";
import type { RegistryClient, RemoteImage } from "../registry/client.ts";
import type { Descriptor } from "../registry/manifest.ts";
import type { Store } from "../store/index.ts";

export interface DownloadOptions {
  readonly client: RegistryClient;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * Brings every blob of an image into the store, then its config, then its manifest: what the manifest names is there
 * and durable before the manifest is. A blob that is here already is verified, never trusted by its name.
 */
export async function downloadImage(store: Store, image: RemoteImage, options: DownloadOptions): Promise<void> {
  const unique = new Map(image.manifest.layers.map((layer) => [layer.digest, layer]));
  const missing: Descriptor[] = [];
  for (const layer of unique.values()) {
    if (await store.blobs.verify(layer.digest, layer.size)) {
      options.log.emit({ type: "layer.downloaded", digest: layer.digest, bytes: layer.size, reused: true });
    } else missing.push(layer);
  }
  requireSpace(store, missing);
  const queue = missing.toSorted((a, b) => b.size - a.size);
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const worker = async (): Promise<void> => {
    for (let layer = queue.shift(); layer !== undefined; layer = queue.shift()) {
      await downloadLayer(store, image, layer, { ...options, signal });
    }
  };
  const workers = Array.from({ length: LIMITS.parallelDownloads }, () =>
    worker().catch((error: unknown) => {
      failed.abort(error);
      throw error;
    }),
  );
  const outcomes = await Promise.allSettled(workers);
  // The first failure aborted the others: it is the one to report.
  if (failed.signal.aborted) throw failed.signal.reason;
  const rejected = outcomes.find((outcome) => outcome.status === "rejected");
  if (rejected !== undefined) throw rejected.reason;
  store.blobs.put(image.manifest.config.digest, image.configBytes);
  store.images.put(image.digest, image.manifestBytes);
}

async function downloadLayer(
  store: Store,
  image: RemoteImage,
  layer: Descriptor,
  options: DownloadOptions,
): Promise<void> {
  const { client, log, signal } = options;
  const writer = await store.blobs.writer(layer.digest);
  try {
    const progress = countProgress(log, layer.digest, layer.size);
    const counted = {
      write: (chunk: Uint8Array) => {
        progress.add(chunk.length);
        return writer.write(chunk);
      },
      reset: () => {
        progress.reset();
        return writer.reset();
      },
    };
    await client.blob(image.reference, layer, counted, { signal });
    await writer.publish();
  } finally {
    await writer.discard();
  }
  log.emit({ type: "layer.downloaded", digest: layer.digest, bytes: layer.size, reused: false });
}

/** Compressed layers, twice their size unpacked, and a reserve have to fit before the first byte is asked for. */
function requireSpace(store: Store, layers: readonly Descriptor[]): void {
  const bytes = layers.reduce((sum, layer) => sum + layer.size, 0);
  const needed = bytes * 3 + LIMITS.freeReserveBytes;
  const { bavail, bsize } = store.fs.statfsSync(store.layout.dataDir);
  const free = bavail * bsize;
  if (layers.length === 0 || free >= needed) return;
  throw new DockerloaderError(
    "STORE_FULL",
    `${store.layout.dataDir} has ${free} bytes free, this image needs about ${needed}`,
    { hint: "free space on the volume or give it a larger one", details: { free, needed } },
  );
}
