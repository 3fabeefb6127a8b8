import type { RemoteImage } from "../registry/source.ts";
import type { Store } from "../store/index.ts";
import { type ReuseRequest, unpackImage, type Unpacker, type UnpackReport } from "../unpack/index.ts";
import { createDownloads, type DownloadOptions, type Downloads } from "./download.ts";

/** Where an image is unpacked to, and how. */
export interface Destination {
  /** An empty, private directory. */
  readonly root: string;
  /** A file for the inventory of the tree. */
  readonly inventory?: string;
  /** A file for the seal of the tree. */
  readonly seal?: string;
  readonly reuse?: ReuseRequest;
}

export interface ReceiveOptions extends DownloadOptions {
  /** Unpacks the image; who gave it disposes of it, not before both promises are settled. Default: one of our own. */
  readonly unpacker?: Unpacker | undefined;
  /** Downloads of this image that are under way already. */
  readonly downloads?: Downloads | undefined;
}

/** An image on its way. Both promises reject with the same first failure, once nothing is written any more. */
export interface Incoming {
  /** Every blob that is needed, the config and the manifest are in the store, durable. The manifest after the blobs of all layers that no tree gives. */
  readonly downloaded: Promise<void>;
  readonly unpacked: Promise<UnpackReport>;
}

/**
 * Downloads an image and unpacks it meanwhile: a layer is applied as soon as it and all below it are there. Of layers that a tree
 * on disk can give, only those are downloaded that it cannot give whole.
 */
export function receiveImage(
  store: Store,
  image: RemoteImage,
  { root, inventory, seal, reuse }: Destination,
  options: ReceiveOptions,
): Incoming {
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  const { layers } = image.manifest;
  const downloads = options.downloads ?? createDownloads(store, layers, options);
  const asked = Promise.withResolvers<void>();
  const needs = (wanted: readonly number[]): void => {
    downloads.want(wanted);
    asked.resolve();
  };

  const apply = async (): Promise<UnpackReport> => {
    downloads.want([...layers.keys()].slice(reuse?.layers ?? 0));
    if (reuse === undefined) asked.resolve();
    const sources = layers.map(({ digest, mediaType, size }, index) => ({
      path: store.blobs.path(digest),
      mediaType,
      digest,
      diffId: image.config.diffIds[index] ?? digest,
      size,
    }));
    const request = {
      root,
      layers: sources,
      ...(inventory && { inventory }),
      ...(seal && { seal }),
      ...(reuse && { reuse }),
    };
    const gate = { needs, ready: downloads.ready, arriving: downloads.arriving };
    const { unpack = unpackImage } = options.unpacker ?? {};
    return unpack(request, { signal, gate });
  };
  const keep = (): void => {
    store.blobs.put(image.manifest.config.digest, image.configBytes);
    store.images.put(image.digest, image.manifestBytes);
  };
  const download = async (): Promise<void> => {
    await downloads.finished();
    // The blobs of reused layers need not be there at all. Later on, what is synced would wait for thousands of links of the same volume.
    if (reuse !== undefined) keep();
    await asked.promise;
    await downloads.finished();
    if (reuse === undefined) keep();
  };

  const halves = [apply(), download()] as const;
  let failure: { readonly error: unknown } | undefined;
  const settled = halves.map((half) =>
    half.catch((error: unknown) => {
      failure ??= { error };
      stop.abort(error);
      downloads.stop(error);
      asked.reject(error);
    }),
  );
  const quiet = Promise.all(settled).then(() => downloads.finished().catch(() => undefined));
  /** One half, unless the other fails before it is over; then the failure, after both have ended. */
  const guarded = async <T>(half: Promise<T>): Promise<T> => {
    const value = await half.catch(() => undefined);
    if (failure === undefined && value !== undefined) return value;
    await quiet;
    throw failure?.error ?? new Error("an image ended without a result");
  };
  return { downloaded: guarded(halves[1].then(() => true)).then(() => undefined), unpacked: guarded(halves[0]) };
}
