import { lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { type ContentDigest, type Digest, digestOf } from "../digest.ts";
import { DockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Platform } from "../registry/platform.ts";
import { assertPackable } from "./packable.ts";
import { directoryLayer, fileLayer, writeLayer } from "./layer.ts";

export interface PackInput {
  /** Becomes the image's root. */
  readonly directory: string;
  /** The program that the loader starts, inside of the directory. */
  readonly entrypoint: string;
  /** Becomes `/.env`, in a layer of its own: versions that differ only in it share everything else. */
  readonly envFile?: string;
  readonly platform: Platform;
}

/** An image in an OCI image layout. */
export interface PackedImage {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly manifest: Buffer;
  /** Config and layers, each a file of this digest in `blobs/sha256`. */
  readonly blobs: readonly { readonly digest: Digest; readonly size: number }[];
}

const TYPES = {
  manifest: "application/vnd.oci.image.manifest.v1+json",
  config: "application/vnd.oci.image.config.v1+json",
  layer: "application/vnd.oci.image.layer.v1.tar+gzip",
} as const;

const usage = (message: string, hint: string): DockerloaderError => new DockerloaderError("USAGE", message, { hint });

/** The path of a blob in a layout. */
export const blobPath = (layout: string, digest: ContentDigest): string =>
  join(layout, "blobs", digest.replace(":", "/"));

/**
 * Packs a directory as an image into an OCI image layout (image-spec, image-layout.md), beside what it holds already, under a tag.
 * Reproducible: the same files have the same digest on every machine with this version of Node.js.
 */
export async function packImage(input: PackInput, layout: string, tag: string): Promise<PackedImage> {
  const link = entrypointLink(input);
  assertPackable(input.directory, layout);
  const blobs = join(layout, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const layers = [await writeLayer(directoryLayer(input.directory, link), blobs)];
  if (input.envFile !== undefined) {
    layers.push(await writeLayer(fileLayer(".env", readEnvFile(input.envFile), 0o644), blobs));
  }
  const put = (value: object): { digest: Digest; size: number; bytes: Buffer } => {
    const bytes = Buffer.from(JSON.stringify(value));
    const digest = digestOf(bytes);
    writeFileSync(blobPath(layout, digest), bytes);
    return { digest, size: bytes.length, bytes };
  };
  const config = put({
    ...input.platform,
    config: { Entrypoint: ["/entrypoint"] },
    rootfs: { type: "layers", diff_ids: layers.map(({ diffId }) => diffId) },
  });
  const described = layers.map(({ digest, size }) => ({ mediaType: TYPES.layer, digest, size }));
  const manifest = put({
    schemaVersion: 2,
    mediaType: TYPES.manifest,
    config: { mediaType: TYPES.config, digest: config.digest, size: config.size },
    layers: described,
  });
  tagInLayout(layout, tag, { mediaType: TYPES.manifest, digest: manifest.digest, size: manifest.size });
  const all = [config, ...described].map(({ digest, size }) => ({ digest, size }));
  return { digest: manifest.digest, mediaType: TYPES.manifest, manifest: manifest.bytes, blobs: all };
}

/** What the name `entrypoint` has to point to; undefined when the program has that name itself. */
function entrypointLink({ directory, entrypoint }: PackInput): string | undefined {
  const path = relative(resolve(directory), resolve(directory, entrypoint));
  if (path === "" || path.startsWith("..")) {
    throw usage(`the entrypoint ${entrypoint} is not below ${directory}`, "name a file of the directory");
  }
  const file = join(directory, path);
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) throw usage(`${file} is no file`, "name the program that the loader is to start");
  if ((stat.mode & 0o111) === 0) throw usage(`${file} is not executable`, `chmod +x ${file}`);
  if (path === "entrypoint") return undefined;
  if (lstatSync(join(directory, "entrypoint"), { throwIfNoEntry: false }) !== undefined) {
    throw usage(
      `${directory} has a file "entrypoint" and ${path} was named`,
      "name that file, or give the other another name",
    );
  }
  return path;
}

function readEnvFile(path: string): Buffer {
  const content = readFileSync(path);
  if (content.length <= LIMITS.dotenvBytes) return content;
  throw usage(`${path} has ${content.length} bytes, an app reads ${LIMITS.dotenvBytes}`, "keep data in files");
}

const REF_NAME = "org.opencontainers.image.ref.name";

interface Index {
  readonly manifests: readonly { readonly annotations?: Readonly<Record<string, string>> }[];
}

/** Puts a manifest into the index, in the place of the one that had the tag. */
function tagInLayout(layout: string, tag: string, descriptor: object): void {
  const path = join(layout, "index.json");
  const others = (lstatSync(path, { throwIfNoEntry: false }) === undefined ? [] : readIndex(path)).filter(
    ({ annotations }) => annotations?.[REF_NAME] !== tag,
  );
  const manifests = [...others, { ...descriptor, annotations: { [REF_NAME]: tag } }];
  writeFileSync(join(layout, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
  writeFileSync(path, JSON.stringify({ schemaVersion: 2, manifests }));
}

function readIndex(path: string): Index["manifests"] {
  try {
    const { manifests } = JSON.parse(readFileSync(path, "utf8")) as Index;
    if (Array.isArray(manifests)) return manifests;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw usage(`${path} is no index of an OCI image layout`, "name a new directory");
}
