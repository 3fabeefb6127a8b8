import { digestOf, hashesTo } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { invalidManifest, parseDocument } from "./document.ts";
import type { Fetched } from "./fetch-document.ts";
import { type Descriptor, isRecord, parseDescriptor } from "./manifest.ts";
import { isImageType, isIndexType } from "./media-types.ts";
import { cut } from "./quote.ts";
import type { Vessel } from "./vessel.ts";

const REF_NAME = "org.opencontainers.image.ref.name";

/** Where a layout keeps a blob (image-spec, image-layout.md). */
export const blobName = (digest: string): string => `blobs/${digest.replace(":", "/")}`;

/**
 * The document that a tag of a layout stands for; without a tag the only image there is. Names in `index.json` are tags
 * or, as some tools write them, whole references. Throws MANIFEST_UNKNOWN listing what there is.
 */
export async function topOfLayout(vessel: Vessel, tag: string | undefined, name: string): Promise<Fetched> {
  const index = parseDocument(await vessel.read("index.json", LIMITS.manifestBytes), name);
  const { manifests } = index;
  if (!Array.isArray(manifests)) throw invalidManifest(name, "has an index.json without manifests");
  const entries = manifests
    .map((entry, at) => ({ entry: parseDescriptor(entry, name, `entry ${at + 1}`), record: entry as unknown }))
    .filter(({ entry }) => isImageType(entry.mediaType) || isIndexType(entry.mediaType))
    .filter(({ record }) => isRecord(record) && record["artifactType"] === undefined);
  const nameOf = ({ annotations }: Descriptor): string => annotations[REF_NAME] ?? "";
  const fits = ({ entry }: { entry: Descriptor }): boolean =>
    tag === undefined || nameOf(entry) === tag || nameOf(entry).endsWith(`:${tag}`);
  const [chosen, ...others] = entries.filter(fits);
  if (chosen !== undefined && others.length === 0) return documentIn(vessel, chosen.entry, name);
  const names = cut(entries.map(({ entry }) => nameOf(entry) || "one without a tag").join(", ")) || "none";
  throw new DockerloaderError(
    "MANIFEST_UNKNOWN",
    chosen === undefined ? `${name} has no such image; there are: ${names}` : `${name} has several images: ${names}`,
    { hint: "name one with :tag behind the path" },
  );
}

/** A document of a layout, verified. */
export async function documentIn(vessel: Vessel, { digest }: Descriptor, name: string): Promise<Fetched> {
  const bytes = await vessel.read(blobName(digest), LIMITS.manifestBytes);
  if (!hashesTo(bytes, digest)) {
    throw new DockerloaderError("DIGEST_MISMATCH", `${name} holds other bytes under ${digest}`, {
      hint: "write the image again: it is damaged",
      retryable: false,
    });
  }
  return { digest: digestOf(bytes), bytes, document: parseDocument(bytes, name), etag: undefined, claimed: undefined };
}
