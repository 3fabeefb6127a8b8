import { DockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { type Document, invalidManifest } from "./document.ts";
import { type Descriptor, isRecord, parseDescriptor } from "./manifest.ts";
import { isImageType, isIndexType } from "./media-types.ts";
import { cut } from "./quote.ts";
import { fitness, formatPlatform, type Platform } from "./platform.ts";

interface Entry {
  readonly descriptor: Descriptor;
  /** Undefined: the entry states none; its config has to fit. */
  readonly platform: { readonly os: string; readonly architecture: string; readonly variant?: string } | undefined;
}

function parseEntry(value: unknown, source: string, index: number): Entry | undefined {
  const descriptor = parseDescriptor(value, source, `entry ${index + 1}`);
  const record = value as Readonly<Record<string, unknown>>;
  if (!isImageType(descriptor.mediaType) && !isIndexType(descriptor.mediaType)) return undefined;
  // Attestations and artifacts ride along in indexes; they are no images.
  if (descriptor.annotations?.["vnd.docker.reference.type"] !== undefined || record["artifactType"] !== undefined)
    return undefined;
  const { platform } = record;
  if (!isRecord(platform)) return { descriptor, platform: undefined };
  const { os, architecture, variant } = platform;
  if (typeof os !== "string" || typeof architecture !== "string") return { descriptor, platform: undefined };
  if (os === "unknown" || architecture === "unknown") return undefined;
  return { descriptor, platform: { os, architecture, ...(typeof variant === "string" ? { variant } : {}) } };
}

/**
 * Chooses the manifest of an index for a platform (image-spec, image-index.md): the best variant, then index order,
 * then entries that state no platform. Throws PLATFORM_MISSING listing what there is.
 */
export function chooseManifest(document: Document, wanted: Platform, source: string): Descriptor {
  const { manifests } = document;
  if (!Array.isArray(manifests)) throw invalidManifest(source, "has neither layers nor manifests");
  if (manifests.length > LIMITS.indexEntries)
    throw invalidManifest(source, `has ${manifests.length} entries, at most ${LIMITS.indexEntries} are allowed`);
  const entries = manifests
    .map((entry, index) => parseEntry(entry, source, index))
    .filter((entry) => entry !== undefined);
  const fitting = entries
    .map(({ descriptor, platform }) => ({
      descriptor,
      rank: platform === undefined ? Number.MAX_SAFE_INTEGER : fitness(wanted, platform),
    }))
    .filter((entry): entry is { descriptor: Descriptor; rank: number } => entry.rank !== undefined)
    .sort((a, b) => a.rank - b.rank);
  const [best] = fitting;
  if (best !== undefined) return best.descriptor;
  const available = [
    ...new Set(entries.map(({ platform }) => (platform === undefined ? "unstated" : formatPlatform(platform)))),
  ];
  throw new DockerloaderError(
    "PLATFORM_MISSING",
    `${source} has no image for ${formatPlatform(wanted)}; available are ${cut(available.join(", ")) || "none"}`,
    {
      hint: "build the image for this platform, or set DOCKERLOADER_PLATFORM",
    },
  );
}
