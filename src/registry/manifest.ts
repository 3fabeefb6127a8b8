import { type ContentDigest, hashesTo, isContentDigest } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { type Document, invalidManifest, parseDocument } from "./document.ts";
import { IMAGE_TYPES, isConfigType, isImageType } from "./media-types.ts";
import { quote } from "./quote.ts";

/** A content descriptor (image-spec, descriptor.md). */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: ContentDigest;
  /** Bytes. */
  readonly size: number;
  readonly annotations: Readonly<Record<string, string>>;
  /** How many addresses outside of the registry the content has; they are counted and never used. */
  readonly urls: number;
  /** The content itself, base64, when the descriptor carries it. */
  readonly data: string | undefined;
}

/** An image manifest (image-spec, manifest.md). */
export interface ImageManifest {
  readonly mediaType: string;
  readonly config: Descriptor;
  readonly layers: readonly Descriptor[];
}

/** What we use of an image configuration (image-spec, config.md). */
export interface ImageConfig {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
  /** The digests of the uncompressed layers, in the order of the manifest's layers. */
  readonly diffIds: readonly ContentDigest[];
  readonly labels: Readonly<Record<string, string>>;
  /** Paths that the image declares as volumes, relative to its root, one latin1 character a byte. */
  readonly volumes: readonly string[];
}

export const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** The entries of an object whose value is a string. */
export function stringsOf(value: unknown): Readonly<Record<string, string>> {
  if (!isRecord(value)) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === "string"),
  );
}

/** A descriptor, checked before its digest is used in any path or URL. */
export function parseDescriptor(value: unknown, source: string, what: string): Descriptor {
  if (!isRecord(value)) throw invalidManifest(source, `has no descriptor for ${what}`);
  const { mediaType, digest, size, urls, data } = value;
  if (typeof mediaType !== "string") throw invalidManifest(source, `has no media type for ${what}`);
  if (!isContentDigest(digest))
    throw invalidManifest(source, `has a bad or unsupported digest for ${what}: ${quote(digest)}`);
  if (!Number.isSafeInteger(size) || (size as number) < 0)
    throw invalidManifest(source, `has a bad size for ${what}: ${quote(size)}`);
  return {
    mediaType,
    digest,
    size: size as number,
    annotations: stringsOf(value["annotations"]),
    urls: Array.isArray(urls) ? urls.length : 0,
    data: typeof data === "string" ? data : undefined,
  };
}

/** The content that a descriptor carries (image-spec, descriptor.md, "data"), when it is canonical and verifies; else fetch it. */
export function embedded({ data, size, digest }: Descriptor): Buffer | undefined {
  if (data === undefined) return undefined;
  const bytes = Buffer.from(data, "base64");
  return bytes.length === size && bytes.toString("base64") === data && hashesTo(bytes, digest) ? bytes : undefined;
}

function mediaTypeOf(document: Document): string {
  const { mediaType } = document;
  return typeof mediaType === "string" ? mediaType : IMAGE_TYPES[0];
}

/** Parses and checks the manifest of a runnable image. Throws MANIFEST_INVALID or NOT_AN_IMAGE. `source` names it in messages. */
export function parseImageManifest(bytes: Uint8Array, source: string): ImageManifest {
  const document = parseDocument(bytes, source);
  const { layers } = document;
  const mediaType = mediaTypeOf(document);
  if (!isImageType(mediaType) || !Array.isArray(layers)) throw notAnImage(source, mediaType);
  const config = parseDescriptor(document["config"], source, "the config");
  if (!isConfigType(config.mediaType))
    throw notAnImage(source, stringsOf(document)["artifactType"] ?? config.mediaType);
  if (layers.length > LIMITS.layers)
    throw invalidManifest(source, `has ${layers.length} layers, at most ${LIMITS.layers} are allowed`);
  const parsed = layers.map((layer, index) => parseDescriptor(layer, source, `layer ${index + 1}`));
  const bytesOfLayers = parsed.reduce((sum, layer) => sum + layer.size, 0);
  if (bytesOfLayers > LIMITS.imageBytes)
    throw invalidManifest(source, `has ${bytesOfLayers} bytes of layers, at most ${LIMITS.imageBytes} are allowed`);
  if (config.size > LIMITS.manifestBytes)
    throw invalidManifest(source, `has a config of ${config.size} bytes, at most ${LIMITS.manifestBytes} are allowed`);
  return { mediaType, config, layers: parsed };
}

function notAnImage(source: string, type: string): DockerloaderError {
  return new DockerloaderError("NOT_AN_IMAGE", `${source} is no runnable image but ${quote(type)}`, {
    hint: "point DOCKERLOADER_TARGET to a container image",
  });
}

/** Parses and checks an image configuration against its manifest. Throws MANIFEST_INVALID. */
export function parseImageConfig(bytes: Uint8Array, manifest: ImageManifest, source: string): ImageConfig {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw new DockerloaderError("MANIFEST_INVALID", `the config of ${source} is no JSON`, {
      cause,
      hint: "push the image again with a current tool",
    });
  }
  if (!isRecord(value)) throw invalidManifest(source, "has a config that is no JSON object");
  const { os, architecture, variant, rootfs } = value;
  if (typeof os !== "string" || typeof architecture !== "string")
    throw invalidManifest(source, "has a config without os and architecture");
  const diffIds = isRecord(rootfs) && rootfs["type"] === "layers" ? rootfs["diff_ids"] : undefined;
  if (!Array.isArray(diffIds) || !diffIds.every(isContentDigest))
    throw invalidManifest(source, "has a config without well-formed rootfs.diff_ids");
  if (diffIds.length !== manifest.layers.length) {
    throw invalidManifest(
      source,
      `has ${manifest.layers.length} layers, but its config states ${diffIds.length} diff_ids`,
    );
  }
  const inner = value["config"];
  return {
    os,
    architecture,
    ...(typeof variant === "string" && variant !== "" ? { variant } : {}),
    diffIds,
    labels: isRecord(inner) ? stringsOf(inner["Labels"]) : {},
    volumes: isRecord(inner) && isRecord(inner["Volumes"]) ? Object.keys(inner["Volumes"]).map(relativePath) : [],
  };
}

const relativePath = (path: string): string => Buffer.from(path.replaceAll(/^\/+|\/+$/g, "")).toString("latin1");
