import { type ContentDigest, hashLike } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import { LIMITS, type Limits } from "../limits.ts";
import { type Archived, readDockerArchive } from "./docker-archive.ts";
import type { Descriptor } from "./manifest.ts";
import { blobName, documentIn, topOfLayout } from "./oci-layout.ts";
import type { Platform } from "./platform.ts";
import { type Chosen, chooseImage, type DocumentReader, readImage } from "./read-image.ts";
import type { BlobSink, ImageSource } from "./source.ts";
import type { Place } from "./target.ts";
import { openVessel, type Vessel } from "./vessel.ts";

export interface ArchiveOptions {
  readonly platform: Platform;
  readonly limits?: Partial<Limits>;
}

/** What is open of a place at one time: its files, and the image they make when they are a docker archive. */
interface Opened {
  readonly vessel: Vessel;
  readonly archived: Archived | undefined;
}

/**
 * An image without a registry: a layout, or an archive of either kind. Everything is read anew at every check, so a file
 * that is replaced (by a rename) is an update like any other.
 */
export function createArchiveSource(
  place: Exclude<Place, { kind: "registry" }>,
  name: string,
  { platform, limits: given }: ArchiveOptions,
): ImageSource {
  const limits: Limits = { ...LIMITS, ...given };
  let current: Opened | undefined;

  const openAnew = async (): Promise<Opened> => {
    const vessel = await openVessel(place.path, place.kind === "oci" ? "directory" : "archive");
    const archived = place.kind === "docker-archive" ? await readDockerArchive(vessel, place.tag, name) : undefined;
    current = { vessel, archived };
    return current;
  };
  const opened = async (): Promise<Opened> => current ?? openAnew();
  const nameOf = ({ archived }: Opened, digest: ContentDigest): string =>
    archived === undefined ? blobName(digest) : (archived.names.get(digest) ?? digest);

  const stream = async (descriptor: Descriptor, sink: BlobSink, signal: AbortSignal | undefined): Promise<void> => {
    const from = await opened();
    const hash = hashLike(descriptor.digest);
    const file = nameOf(from, descriptor.digest);
    const size = from.vessel.size(file) ?? 0;
    if (size !== descriptor.size) {
      throw new DockerloaderError(
        "SIZE_MISMATCH",
        `${file} in ${name} has ${size} bytes, its descriptor states ${descriptor.size}`,
        {
          hint: "write the image again: it is damaged",
          retryable: false,
        },
      );
    }
    await sink.reset();
    for await (const chunk of from.vessel.stream(file, 0)) {
      if (signal?.aborted === true) throw new DockerloaderError("ABORTED", `reading ${name} was given up`);
      hash.update(chunk);
      await sink.write(chunk);
    }
    if (hash.digest() === descriptor.digest) return;
    throw new DockerloaderError("DIGEST_MISMATCH", `${name} holds other bytes under ${descriptor.digest}`, {
      hint: "write the image again: it is damaged",
      retryable: false,
    });
  };

  const reader: DocumentReader = {
    name,
    top: async () => {
      const { vessel, archived } = await openAnew();
      return archived?.top ?? topOfLayout(vessel, place.tag, name);
    },
    byDescriptor: async (descriptor) => documentIn((await opened()).vessel, descriptor, name),
    small: async (descriptor) => {
      const chunks: Uint8Array[] = [];
      await stream(descriptor, { write: (chunk) => void chunks.push(chunk), reset: () => {} }, undefined);
      return Buffer.concat(chunks);
    },
  };
  const choose = (): Promise<Chosen> => chooseImage(reader, platform, limits);

  return {
    name,
    pinned: undefined,
    resolve: async () => (await choose()).image.digest,
    image: async ({ digest } = {}) => {
      const { image } = await choose();
      if (digest === undefined || image.digest === digest) return readImage(reader, image, platform);
      throw new DockerloaderError("MANIFEST_UNKNOWN", `${name} no longer holds ${digest}`, {
        hint: "it was replaced meanwhile; the next check finds what is there now",
      });
    },
    blob: (descriptor, sink, { signal } = {}) => stream(descriptor, sink, signal),
    rateLimit: () => undefined,
    clockSkewMs: () => undefined,
    close: () => {},
  };
}
