import type { Digest } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { parseDocument } from "./document.ts";
import type { Fetched } from "./fetch-document.ts";
import { digestOf } from "../digest.ts";
import { chooseManifest } from "./index-document.ts";
import { type Descriptor, embedded, parseImageConfig, parseImageManifest } from "./manifest.ts";
import { fitness, formatPlatform, type Platform } from "./platform.ts";
import type { ImageOptions, RemoteImage } from "./source.ts";

/** How a kind of source hands out documents. What it answers is verified. */
export interface DocumentReader {
  readonly name: string;
  /** The document that the target stands for. */
  readonly top: () => Promise<Fetched>;
  readonly byDescriptor: (descriptor: Descriptor) => Promise<Fetched>;
  /** A config. */
  readonly small: (descriptor: Descriptor) => Promise<Buffer>;
}

/** The manifest of the platform's image, and the document the target itself stands for. */
export interface Chosen {
  readonly top: Fetched;
  readonly image: Fetched;
}

/** Follows indexes down to the platform's image manifest; at most `limits.indexDepth` of them, so that a cycle ends. */
export async function chooseImage(reader: DocumentReader, platform: Platform, limits: Limits): Promise<Chosen> {
  const top = await reader.top();
  let image = top;
  for (let depth = 0; "manifests" in image.document; depth += 1) {
    if (depth >= limits.indexDepth) {
      throw new DockerloaderError(
        "MANIFEST_INVALID",
        `${reader.name} nests indexes more than ${limits.indexDepth} deep`,
        {
          hint: "push the image again with a current tool",
        },
      );
    }
    const descriptor = chooseManifest(image.document, platform, reader.name);
    const bytes = embedded(descriptor);
    image =
      bytes === undefined
        ? await reader.byDescriptor(descriptor)
        : {
            digest: digestOf(bytes),
            bytes,
            document: parseDocument(bytes, reader.name),
            etag: undefined,
            claimed: undefined,
          };
  }
  return { top, image };
}

/**
 * Manifest and config of a chosen image; `ahead` hears of the manifest once the config is asked for. An index may be mislabelled: what the
 * config says is held against the platform too.
 */
export async function readImage(
  reader: Pick<DocumentReader, "name" | "small">,
  image: Pick<Fetched, "bytes"> & { readonly digest: Digest },
  platform: Platform,
  ahead: ImageOptions["ahead"] = () => undefined,
): Promise<RemoteImage> {
  const { bytes: manifestBytes, digest } = image;
  const manifest = parseImageManifest(manifestBytes, reader.name);
  const asked = Promise.resolve(embedded(manifest.config) ?? reader.small(manifest.config));
  // Nobody waits for it when `ahead` throws.
  asked.catch(() => undefined);
  ahead({ digest, manifest });
  const configBytes = await asked;
  const config = parseImageConfig(configBytes, manifest, reader.name);
  if (fitness(platform, config) === undefined) {
    throw new DockerloaderError(
      "PLATFORM_MISSING",
      `${reader.name} is built for ${formatPlatform(config)}, wanted is ${formatPlatform(platform)}`,
      { hint: "push an image for this platform, or set DOCKERLOADER_PLATFORM" },
    );
  }
  return { digest, manifest, manifestBytes, config, configBytes };
}
