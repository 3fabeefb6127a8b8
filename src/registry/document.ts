import { DockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { isImageType, isIndexType } from "./media-types.ts";
import { quote } from "./quote.ts";

/** A JSON object of a registry, not yet known to be anything. */
export type Document = Readonly<Record<string, unknown>>;

/** Fields that decide what a document is. Go readers match them in any case, JSON.parse does not: refuse the difference. */
const ESSENTIAL = ["schemaversion", "mediatype", "config", "layers", "manifests", "fslayers", "history"];
const EXACT: Readonly<Record<string, string>> = {
  schemaversion: "schemaVersion",
  mediatype: "mediaType",
  fslayers: "fsLayers",
};

export function invalidManifest(
  source: string,
  fault: string,
  hint = "push the image again with a current tool",
  cause?: unknown,
): DockerloaderError {
  return new DockerloaderError("MANIFEST_INVALID", `manifest ${source} ${fault}`, { hint, cause });
}

/** The keys of the outermost object in the order of the text, doubles included (JSON.parse would keep only the last). */
function topLevelKeys(text: string): string[] {
  const keys: string[] = [];
  let depth = 0;
  const token = /"((?:[^"\\]|\\.)*)"(\s*:)?|[{}[\]]/g;
  for (const [whole, name, colon] of text.matchAll(token)) {
    if (whole === "{" || whole === "[") depth += 1;
    else if (whole === "}" || whole === "]") depth -= 1;
    else if (depth === 1 && colon !== undefined) keys.push(JSON.parse(`"${name ?? ""}"`) as string);
  }
  return keys;
}

/**
 * Parses a manifest or index strictly: at most 4 MiB, one object, no key twice, none that another reader would take
 * for one it is not, and not a manifest and an index at once (CVE-2021-41190).
 */
export function parseDocument(bytes: Uint8Array, source: string): Document {
  if (bytes.length > LIMITS.manifestBytes)
    throw invalidManifest(source, `has ${bytes.length} bytes, at most ${LIMITS.manifestBytes} are allowed`);
  let value: unknown;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    value = JSON.parse(text);
  } catch (cause) {
    throw invalidManifest(source, "is no JSON", "check that the target is a registry", cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalidManifest(source, "is no JSON object");
  const keys = topLevelKeys(text);
  const seen = new Set<string>();
  const twice = keys.find((key) => seen.size === seen.add(key).size);
  if (twice !== undefined) throw invalidManifest(source, `has the key ${quote(twice)} twice`);
  const odd = keys.find(
    (key) => ESSENTIAL.includes(key.toLowerCase()) && (EXACT[key.toLowerCase()] ?? key.toLowerCase()) !== key,
  );
  if (odd !== undefined)
    throw invalidManifest(source, `has the key ${quote(odd)}, which readers understand differently`);
  const document = value as Document;
  if ("manifests" in document && ("config" in document || "layers" in document || "fsLayers" in document)) {
    throw invalidManifest(source, "is an image and an index at once");
  }
  if (document["schemaVersion"] === 1 || "fsLayers" in document) {
    throw invalidManifest(
      source,
      "has the retired Docker schema 1",
      "push the image again: every current tool writes schema 2 or OCI",
    );
  }
  if (document["schemaVersion"] !== 2)
    throw invalidManifest(source, `has schemaVersion ${quote(document["schemaVersion"])}, expected 2`);
  refuseOtherShape(document, source);
  return document;
}

/** A media type that names the other kind of document: two readers would see two different images. */
function refuseOtherShape({ mediaType, manifests, layers }: Document, source: string): void {
  if (typeof mediaType !== "string") return;
  const stated = `has the media type ${quote(mediaType)}`;
  if (manifests !== undefined && isImageType(mediaType)) throw invalidManifest(source, `${stated}, but is an index`);
  if (layers !== undefined && isIndexType(mediaType)) throw invalidManifest(source, `${stated}, but is no index`);
}
