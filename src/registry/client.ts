import type { Digest } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import { type ConnectionOptions, openConnection } from "./connection.ts";
import { fetchBlob } from "./fetch-blob.ts";
import { type Fetched, fetchDocument } from "./fetch-document.ts";
import type { Descriptor } from "./manifest.ts";
import type { Platform } from "./platform.ts";
import { type Chosen, chooseImage, type DocumentReader, readImage } from "./read-image.ts";
import { formatReference, type Reference } from "./reference.ts";
import { withRetry } from "./retry.ts";
import type { BlobSink, ImageSource } from "./source.ts";
import { createTagWatch, type Memory } from "./tag-watch.ts";

export interface RegistryOptions extends ConnectionOptions {
  readonly platform: Platform;
  readonly random?: () => number;
  /** What was seen behind the tag before this process. Default: nothing. */
  readonly memory?: Memory;
}

/** A repository of a registry (distribution-spec, "Pull"), with its mirrors. */
export function createRegistrySource(reference: Reference, options: RegistryOptions): ImageSource {
  const { platform, random = Math.random } = options;
  const connection = openConnection(reference, options);
  const { context } = connection;
  const { limits } = context;
  const name = formatReference(reference);
  const watch = createTagWatch(reference, context, options.memory);
  let last: Fetched | undefined;

  const retrying = <T>(signal: AbortSignal | undefined, action: () => Promise<T>): Promise<T> =>
    withRetry({ limits, random, signal }, action);
  const blob = (descriptor: Descriptor, sink: BlobSink, signal: AbortSignal | undefined): Promise<void> =>
    fetchBlob(reference, descriptor, sink, context, { limits, random, signal });

  /** Tags are dropped below the first document: only digests count there. */
  const readerFor = (top: Reference, signal: AbortSignal | undefined): DocumentReader => {
    const { registry, repository } = reference;
    const document = (at: Reference): Promise<Fetched> => retrying(signal, () => fetchDocument(at, context, signal));
    return {
      name,
      top: () => document(top),
      byDescriptor: ({ digest }) => document({ registry, repository, digest }),
      small: async (descriptor) => {
        let chunks: Uint8Array[] = [];
        const sink = { write: (chunk: Uint8Array) => void chunks.push(chunk), reset: () => void (chunks = []) };
        await blob(descriptor, sink, signal);
        return Buffer.concat(chunks);
      },
    };
  };
  const choose = async (top: Reference, signal: AbortSignal | undefined): Promise<Chosen> => {
    const chosen = await chooseImage(readerFor(top, signal), platform, limits);
    last = chosen.image;
    if (top === reference) watch.note(chosen);
    return chosen;
  };

  /** What a check has found is there, unless it was read wrong: then the tag is read again at the next check. */
  const chooseOrForget = (top: Reference, signal: AbortSignal | undefined): Promise<Chosen> =>
    choose(top, signal).catch((error: unknown) => {
      if (error instanceof DockerloaderError && error.code === "MANIFEST_UNKNOWN") watch.forget();
      throw error;
    });

  return {
    name,
    pinned: reference.digest,
    resolve: async ({ signal } = {}) => {
      // What is read to choose an image is repeated piece by piece: around it, tries would multiply.
      const unchanged = await retrying(signal, () => watch.unchanged(signal));
      return unchanged ?? (await choose(reference, signal)).image.digest;
    },
    image: async ({ digest, signal, ahead } = {}) => {
      // What a check has just fetched is not fetched again, and it is known by its own digest, not by the registry's.
      const known = last !== undefined && last.digest === digest ? last : undefined;
      const image = known ?? (await chooseOrForget(pinnedTo(reference, digest), signal)).image;
      return readImage(readerFor(reference, signal), image, platform, ahead);
    },
    blob: (descriptor, sink, { signal } = {}) => blob(descriptor, sink, signal),
    rateLimit: connection.rateLimit,
    clockSkewMs: connection.clockSkewMs,
    close: connection.close,
  };
}

function pinnedTo(reference: Reference, digest: Digest | undefined): Reference {
  return digest === undefined ? reference : { ...reference, digest };
}
