import { createHash } from "node:crypto";
import { type ContentDigest, digestOf } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { invalidManifest, parseDocument } from "./document.ts";
import type { Fetched } from "./fetch-document.ts";
import { isRecord } from "./manifest.ts";
import { CONFIG_TYPES, IMAGE_TYPES } from "./media-types.ts";
import type { Vessel } from "./vessel.ts";

/** An image of an archive, and the names of its blobs there. */
export interface Archived {
  readonly top: Fetched;
  readonly names: ReadonlyMap<ContentDigest, string>;
}

const LAYER_TYPE = "application/vnd.docker.image.rootfs.diff.tar";
const GZIP = [0x1f, 0x8b] as const;

/**
 * What `docker save` writes has no manifest in the registry's sense: one is made here, always the same for the same
 * content, so that the image has an identity. Every layer is hashed once for that. Throws MANIFEST_INVALID or _UNKNOWN.
 */
export async function readDockerArchive(vessel: Vessel, tag: string | undefined, name: string): Promise<Archived> {
  const { config, layers } = chooseEntry(await vessel.read("manifest.json", LIMITS.manifestBytes), tag, name);
  const names = new Map<ContentDigest, string>();
  const describe = async (file: string, mediaType: string) => {
    const hash = createHash("sha256");
    let head: Uint8Array | undefined;
    for await (const chunk of vessel.stream(file, 0)) {
      head ??= chunk;
      hash.update(chunk);
    }
    const digest = `sha256:${hash.digest("hex")}` as const;
    names.set(digest, file);
    const packed = mediaType === LAYER_TYPE && head?.[0] === GZIP[0] && head[1] === GZIP[1];
    return { mediaType: packed ? `${mediaType}.gzip` : mediaType, size: vessel.size(file) ?? 0, digest };
  };
  const described = [];
  for (const layer of layers) described.push(await describe(layer, LAYER_TYPE));
  const manifest = {
    schemaVersion: 2,
    mediaType: IMAGE_TYPES[1],
    config: await describe(config, CONFIG_TYPES[1]),
    layers: described,
  };
  const bytes = Buffer.from(JSON.stringify(manifest));
  const top = {
    digest: digestOf(bytes),
    bytes,
    document: parseDocument(bytes, name),
    etag: undefined,
    claimed: undefined,
  };
  return { top, names };
}

function chooseEntry(bytes: Buffer, tag: string | undefined, name: string): { config: string; layers: string[] } {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw invalidManifest(name, "has a manifest.json that is no JSON", "write it again with `docker save`", cause);
  }
  const entries = (Array.isArray(value) ? value : []).filter(isRecord);
  const tagsOf = (entry: Readonly<Record<string, unknown>>): string[] =>
    Array.isArray(entry["RepoTags"]) ? entry["RepoTags"].filter((text) => typeof text === "string") : [];
  const [chosen, ...others] = entries.filter(
    (entry) => tag === undefined || tagsOf(entry).some((full) => full === tag || full.endsWith(`:${tag}`)),
  );
  if (chosen === undefined || others.length > 0) {
    const names = entries.flatMap(tagsOf).join(", ") || "none with a name";
    throw new DockerloaderError(
      "MANIFEST_UNKNOWN",
      `${name} has ${chosen === undefined ? "no such image" : "several images"}; there are: ${names}`,
      { hint: "name one with :tag behind the path" },
    );
  }
  const { Config: config, Layers: layers } = chosen;
  if (typeof config !== "string" || !Array.isArray(layers) || !layers.every((layer) => typeof layer === "string"))
    throw invalidManifest(name, "has a manifest.json without Config and Layers", "write it again with `docker save`");
  if (layers.length > LIMITS.layers)
    throw invalidManifest(name, `has ${layers.length} layers, at most ${LIMITS.layers} are allowed`);
  return { config, layers };
}
