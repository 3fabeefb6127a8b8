import { digestOf, type Digest } from "../../../src/digest.ts";
import type { BlobWriter, Store } from "../../../src/store/index.ts";

/** A version as a registry would have it, and the files of its tree. */
export interface Version {
  readonly name: string;
  readonly digest: Digest;
  readonly manifest: Buffer;
  readonly config: Buffer;
  readonly layer: Buffer;
  readonly files: Readonly<Record<string, string>>;
}

export function versionOf(name: string): Version {
  const files = { entrypoint: `#!/bin/sh\necho ${name}\n`, "lib/data": `data of ${name}` };
  const [config, layer] = [Buffer.from(`{"config":"${name}"}`), Buffer.from(JSON.stringify(files))];
  const entries = [config, layer].map((bytes) => `{"digest":"${digestOf(bytes)}","size":${bytes.length}}`);
  const manifest = Buffer.from(`{"config":${entries[0]},"layers":[${entries[1]}]}`);
  return { name, digest: digestOf(manifest), manifest, config, layer, files };
}

export const [A, B, C] = ["A", "B", "C"].map(versionOf) as [Version, Version, Version];
export const REGISTRY: ReadonlyMap<Digest, Version> = new Map([A, B, C].map((version) => [version.digest, version]));

/** What a download does, in its order: layers, config, manifest; each durable before what names it. */
export async function download({ blobs, images }: Store, { layer, config, manifest, digest }: Version): Promise<void> {
  if (!(await blobs.verify(digestOf(layer), layer.length))) {
    const writer = await blobs.writer(digestOf(layer));
    await resume(writer, layer);
    await writer.publish();
  }
  blobs.put(digestOf(config), config);
  images.put(digest, manifest);
}

/** What an earlier transfer left is taken when it is a beginning of the blob; else the transfer begins again. */
async function resume(writer: BlobWriter, layer: Buffer): Promise<void> {
  const kept: Uint8Array[] = [];
  await writer.kept((chunk) => void kept.push(chunk));
  const left = Buffer.concat(kept);
  const usable = layer.subarray(0, left.length).equals(left);
  if (!usable) await writer.reset();
  await writer.write(Buffer.from(usable ? layer.subarray(left.length) : layer));
}

/** What an unpacker does: a private tree, published whole. A tree that is there and can run is kept. */
export async function extract(store: Store, { digest, layer }: Version): Promise<void> {
  const { trees, blobs } = store;
  if (trees.receipt(digest) !== undefined && trees.fault(digest) === undefined) return;
  const tree = trees.begin();
  const files = JSON.parse(blobs.read(digestOf(layer))?.toString("utf8") ?? "{}") as Record<string, string>;
  for (const [name, content] of Object.entries(files)) {
    (store.fs as unknown as { plant: (path: string, content: string, mode: number) => void }).plant(
      `${tree.root}/${name}`,
      content,
      name === "entrypoint" ? 0o755 : 0o644,
    );
  }
  await tree.publish({ digest, reference: digest, entries: 3, bytes: 1, labels: {} });
  await tree.discard();
}

/** True when manifest, config and layers of a version are here and are what their names say. */
export async function hasWhole({ blobs, images }: Store, { digest, config, layer }: Version): Promise<boolean> {
  if (images.manifest(digest) === undefined) return false;
  const stored = blobs.read(digestOf(config));
  if (stored === undefined || digestOf(stored) !== digestOf(config)) return false;
  return blobs.verify(digestOf(layer), layer.length);
}
