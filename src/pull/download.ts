import { DockerloaderError, type ErrorCode } from "../errors.ts";
import type { ContentDigest } from "../digest.ts";
import { LIMITS } from "../limits.ts";
import type { Logger } from "../log/logger.ts";
import type { Descriptor } from "../registry/manifest.ts";
import type { ImageSource } from "../registry/source.ts";
import type { Arrived, Store } from "../store/index.ts";
import type { Arrival } from "../unpack/index.ts";
import { createProgress, type Progress } from "./progress.ts";

export interface DownloadOptions {
  readonly source: Pick<ImageSource, "blob">;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Layers of one image on their way into the store. Layers are numbered from 0, lowest first. */
export interface Downloads {
  /** Asks for layers. When they do not fit on the volume, that is a failure of all of them. */
  readonly want: (layers: readonly number[]) => void;
  /** Resolves when the layer's verified blob is in the store; rejects with the first failure of any layer. */
  readonly ready: (layer: number) => Promise<void>;
  /** Hears from now on of what has arrived of a layer and is not verified yet. One listener. */
  readonly arriving: (listener: (layer: number, arrival: Arrival) => void) => void;
  /** Resolves when all that was asked for is there; rejects with the first failure, when nothing is written any more. */
  readonly finished: () => Promise<void>;
  /** Ends all, with this as the first failure unless there was one before. */
  readonly stop: (error: unknown) => void;
}

/**
 * Brings blobs into the store, lowest layers first because they are applied first, a few at a time, each digest once. A blob that is here
 * already is verified, never trusted by its name; no blob is hashed again after it was verified. The first failure ends all.
 */
export function createDownloads(store: Store, layers: readonly Descriptor[], options: DownloadOptions): Downloads {
  const failed = new AbortController();
  const signal = AbortSignal.any([options.signal, failed.signal]);
  const blobs = new Map(layers.map(({ digest }) => [digest, Promise.withResolvers<void>()]));
  // Who waits hears of a failure; nobody has to wait.
  for (const { promise } of blobs.values()) promise.catch(() => undefined);
  const asked = new Set<string>();
  const progress = createProgress(options.log);
  store.blobs.dropPartials(new Set(blobs.keys()));
  const queue: Descriptor[] = [];
  const running = new Set<Promise<void>>();

  const fail = (error: unknown): void => {
    if (!failed.signal.aborted) failed.abort(error);
    queue.length = 0;
    for (const { reject } of blobs.values()) reject(failed.signal.reason);
  };
  let listener: (layer: number, arrival: Arrival) => void = () => undefined;
  const arrived = (digest: ContentDigest, arrival: Arrival): void => {
    for (const [index, layer] of layers.entries()) if (layer.digest === digest) listener(index, arrival);
  };
  const run = async (layer: Descriptor): Promise<void> => {
    try {
      const tell = (path: string, bytes: number): void => arrived(layer.digest, { path, bytes });
      await bring(store, layer, progress, tell, { ...options, signal });
      blobs.get(layer.digest)?.resolve();
    } catch (error) {
      fail(error);
    }
  };
  const pump = (): void => {
    while (running.size < LIMITS.parallelDownloads) {
      const layer = queue.shift();
      if (layer === undefined) return;
      const work = run(layer).then(() => {
        running.delete(work);
        pump();
      });
      running.add(work);
    }
  };

  return {
    want: (wanted) => {
      const fresh = wanted
        .map((index) => layers[index])
        .filter((layer) => layer !== undefined)
        .filter(({ digest }) => !asked.has(digest) && asked.add(digest));
      try {
        signal.throwIfAborted();
        requireSpace(store, fresh);
        progress.expect(fresh);
        queue.push(...fresh);
        pump();
      } catch (error) {
        fail(error);
      }
    },
    ready: async (index) => {
      const digest = layers[index]?.digest;
      if (digest !== undefined) await blobs.get(digest)?.promise;
    },
    arriving: (wanted) => {
      listener = wanted;
    },
    finished: async () => {
      while (running.size > 0) await Promise.all(running);
      if (failed.signal.aborted) throw failed.signal.reason;
    },
    stop: fail,
  };
}

/** After these what has arrived is wrong, or is what fills the volume; after any other the next transfer goes on from there. */
const WORTHLESS: ReadonlySet<ErrorCode> = new Set(["DIGEST_MISMATCH", "SIZE_MISMATCH", "STORE_FULL", "STORE_IO"]);

async function bring(
  store: Store,
  layer: Descriptor,
  progress: Progress,
  arrived: Arrived,
  options: DownloadOptions,
): Promise<void> {
  const { source, log, signal } = options;
  const { digest, size } = layer;
  if (await store.blobs.verify(digest, size)) {
    log.emit({ type: "layer.downloaded", digest, bytes: size, reused: true });
    progress.skip(layer);
    return;
  }
  const writer = await store.blobs.writer(digest, arrived);
  try {
    await source.blob(layer, progress.follow(layer, writer), { signal });
    await writer.publish();
  } catch (error) {
    if (error instanceof DockerloaderError && WORTHLESS.has(error.code)) await writer.discard();
    throw error;
  } finally {
    await writer.close();
  }
  log.emit({ type: "layer.downloaded", digest, bytes: size, reused: false });
}

/** Compressed layers that are not here, twice their size unpacked, and a reserve have to fit before the first byte is asked for. */
function requireSpace(store: Store, layers: readonly Descriptor[]): void {
  const missing = layers.filter(({ digest, size }) => store.blobs.size(digest) !== size);
  const bytes = missing.reduce((sum, layer) => sum + layer.size, 0);
  const kept = missing.reduce((sum, layer) => sum + store.blobs.keptBytes(layer.digest), 0);
  const needed = bytes * 3 - kept + LIMITS.freeReserveBytes;
  const { bavail, bsize } = store.fs.statfsSync(store.layout.dataDir);
  const free = bavail * bsize;
  if (missing.length === 0 || free >= needed) return;
  throw new DockerloaderError(
    "STORE_FULL",
    `${store.layout.dataDir} has ${free} bytes free, this image needs about ${needed}`,
    { hint: "free space on the volume or give it a larger one", details: { free, needed } },
  );
}
