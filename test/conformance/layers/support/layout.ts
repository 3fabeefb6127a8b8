import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { digestOf } from "../../../../src/digest.ts";
import { hostPlatform } from "../../../../src/registry/platform.ts";
import type { LayerSource } from "../../../../src/unpack/index.ts";

/** A layer as it is to be stored, and what it unpacks to. */
export interface PlainLayer {
  readonly tar: Buffer;
  readonly gzip: boolean;
  /** The bytes to store instead of the compressed ones: damaged on their way. */
  readonly stored?: Buffer;
}

const TAR = "application/vnd.oci.image.layer.v1.tar";
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

/** An OCI image layout on disk (image-spec, image-layout.md) with many images, from which every tool takes the same bytes. */
export class Layout {
  readonly path: string;
  readonly #manifests: object[] = [];

  constructor(path: string) {
    this.path = path;
    mkdirSync(join(path, "blobs/sha256"), { recursive: true });
    writeFileSync(join(path, "oci-layout"), json({ imageLayoutVersion: "1.0.0" }));
  }

  /** Adds an image under a tag; how to read its layers. `finish` makes it visible to others. */
  add(tag: string, layers: readonly PlainLayer[]): LayerSource[] {
    const sources = layers.map(({ tar, gzip, stored: damaged }) => {
      const bytes = gzip ? gzipSync(tar, { level: 1 }) : tar;
      const stored = this.#store(damaged ?? bytes, gzip ? `${TAR}+gzip` : TAR);
      return { ...stored, diffId: digestOf(tar), path: this.#blob(stored.digest) };
    });
    const config = {
      architecture: hostPlatform().architecture,
      os: "linux",
      config: {},
      rootfs: { type: "layers", diff_ids: sources.map(({ diffId }) => diffId) },
    };
    const manifest = this.#store(
      json({
        schemaVersion: 2,
        mediaType: "application/vnd.oci.image.manifest.v1+json",
        config: this.#store(json(config), "application/vnd.oci.image.config.v1+json"),
        layers: sources.map(({ mediaType, digest, size }) => ({ mediaType, digest, size })),
      }),
      "application/vnd.oci.image.manifest.v1+json",
    );
    this.#manifests.push({ ...manifest, annotations: { "org.opencontainers.image.ref.name": tag } });
    return sources;
  }

  finish(): void {
    writeFileSync(join(this.path, "index.json"), json({ schemaVersion: 2, manifests: this.#manifests }));
  }

  #blob(digest: string): string {
    return join(this.path, "blobs/sha256", digest.slice("sha256:".length));
  }

  #store(bytes: Buffer, mediaType: string) {
    const digest = digestOf(bytes);
    writeFileSync(this.#blob(digest), bytes);
    return { mediaType, digest, size: bytes.length };
  }
}
