import { gzipSync, zstdCompressSync } from "node:zlib";
import { digestOf, type Digest } from "../digest.ts";
import { hostPlatform } from "../registry/platform.ts";
import { type LayerInput, packLayer } from "./layer.ts";

export interface ImageInput {
  readonly layers: readonly LayerInput[];
  /** Fields for the `config` object of the image configuration, e.g. `Env`. */
  readonly config?: Readonly<Record<string, unknown>>;
  readonly labels?: Readonly<Record<string, string>>;
  /** Default: `oci`. */
  readonly mediaTypes?: "oci" | "docker";
  /** Default: `gzip`. */
  readonly compression?: "gzip" | "zstd" | "none";
  /** Default: linux on this machine. */
  readonly platform?: { readonly os?: string; readonly architecture?: string; readonly variant?: string };
}

/** An image in memory, ready to be pushed. */
export interface BuiltImage {
  /** Digest of the manifest: the version's identity. */
  readonly digest: Digest;
  readonly mediaType: string;
  readonly manifest: Buffer;
  readonly config: Buffer;
  /** Config and layers by digest. */
  readonly blobs: ReadonlyMap<Digest, Buffer>;
  readonly diffIds: readonly Digest[];
  readonly platform: { readonly os: string; readonly architecture: string; readonly variant?: string };
}

const GZIP_OS_BYTE = 9;
const GZIP_OS_UNKNOWN = 255;

/** gzip with a header that does not tell the system it was made on (RFC 1952, 2.3.1); the time in it is 0 anyway. */
function gzip(bytes: Buffer): Buffer {
  const packed = gzipSync(bytes);
  packed[GZIP_OS_BYTE] = GZIP_OS_UNKNOWN;
  return packed;
}

const COMPRESS = {
  gzip,
  zstd: (bytes: Buffer): Buffer => zstdCompressSync(bytes),
  none: (bytes: Buffer): Buffer => bytes,
} as const;

const TYPES = {
  oci: {
    manifest: "application/vnd.oci.image.manifest.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
    layer: {
      gzip: "application/vnd.oci.image.layer.v1.tar+gzip",
      zstd: "application/vnd.oci.image.layer.v1.tar+zstd",
      none: "application/vnd.oci.image.layer.v1.tar",
    },
  },
  docker: {
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
    layer: {
      gzip: "application/vnd.docker.image.rootfs.diff.tar.gzip",
      zstd: "application/vnd.docker.image.rootfs.diff.tar.zstd",
      none: "application/vnd.docker.image.rootfs.diff.tar",
    },
  },
} as const;

/**
 * Builds an image. Reproducible: the same input has the same digest on every machine of one architecture and Node.js
 * version (another version may compress differently).
 */
export async function buildImage(input: ImageInput): Promise<BuiltImage> {
  const compression = input.compression ?? "gzip";
  const types = TYPES[input.mediaTypes ?? "oci"];
  const blobs = new Map<Digest, Buffer>();
  const store = (bytes: Buffer, mediaType: string) => {
    const digest = digestOf(bytes);
    blobs.set(digest, bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const diffIds: Digest[] = [];
  const layers = [];
  for (const layer of input.layers) {
    const tar = await packLayer(layer);
    diffIds.push(digestOf(tar));
    layers.push(store(COMPRESS[compression](tar), types.layer[compression]));
  }
  const { os = "linux", architecture = hostPlatform().architecture, variant } = input.platform ?? {};
  const platform = { os, architecture, ...(variant === undefined ? {} : { variant }) };
  const config = Buffer.from(
    JSON.stringify({
      ...platform,
      config: { ...input.config, ...(input.labels === undefined ? {} : { Labels: input.labels }) },
      rootfs: { type: "layers", diff_ids: diffIds },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({ schemaVersion: 2, mediaType: types.manifest, config: store(config, types.config), layers }),
  );
  return { digest: digestOf(manifest), mediaType: types.manifest, manifest, config, blobs, diffIds, platform };
}
