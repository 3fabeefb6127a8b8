import { createReadStream, existsSync } from "node:fs";
import type { ContentDigest, Digest } from "../digest.ts";
import { toDockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { parseImageManifest } from "../registry/manifest.ts";
import type { Store } from "../store/index.ts";
import { compareTree } from "../unpack/compare.ts";
import type { LayerInput } from "../unpack/layer.ts";
import { shown } from "../unpack/shown.ts";

/**
 * Something on the volume that is not what it should be. `damaged`: content that its name or its looks contradict; `changed`: a file of a
 * version that was written, removed or given other looks after it was unpacked, as an app may do with its own tree; `unchecked`: why something
 * could not be looked at.
 */
export interface Finding {
  readonly kind: "damaged" | "changed" | "unchecked";
  readonly what: string;
  readonly why: string;
}

export interface Verification {
  readonly blobs: number;
  readonly images: number;
  readonly versions: number;
  readonly files: number;
  readonly findings: readonly Finding[];
}

/** Reads everything on the volume again and holds it against its digests and receipts. Changes nothing. */
export async function verifyStore(store: Store): Promise<Verification> {
  const findings: Finding[] = [];
  const blobs = store.blobs.list();
  const sound = new Set<ContentDigest>();
  for (const digest of blobs) {
    if (await store.blobs.matches(digest)) sound.add(digest);
    else findings.push({ kind: "damaged", what: `blob ${digest}`, why: "its content has another digest" });
  }
  const images = store.images.list();
  for (const digest of images) {
    if (store.images.manifest(digest) !== undefined) continue;
    findings.push({ kind: "damaged", what: `manifest ${digest}`, why: "its content has another digest" });
  }
  const versions = store.trees.list();
  let files = 0;
  for (const { digest, path } of versions) {
    const found = await verifyTree(store, digest, path, sound);
    files += found.files;
    findings.push(...found.findings);
  }
  return { blobs: blobs.length, images: images.length, versions: versions.length, files, findings };
}

async function verifyTree(
  store: Store,
  digest: Digest,
  root: string,
  sound: ReadonlySet<ContentDigest>,
): Promise<{ files: number; findings: Finding[] }> {
  const what = `version ${digest}`;
  const unchecked = (why: string) => ({ files: 0, findings: [{ kind: "unchecked" as const, what, why }] });
  const inventory = store.layout.inventory(digest);
  if (!existsSync(inventory)) return unchecked("it has no inventory: unpacked by the original, or too large");
  const receipt = store.trees.receipt(digest);
  const layers = layersOf(store, digest, receipt?.layers ?? [], sound);
  try {
    const owners = process.geteuid?.() === 0;
    const compared = await compareTree(root, inventory, layers, { limits: LIMITS, owners });
    if (compared === undefined) return unchecked("its inventory cannot be read");
    const findings = compared.differences.map(({ path, what: difference }): Finding => ({
      kind: difference === "content" ? "damaged" : "changed",
      what: `${what}, file "${shown(path)}"`,
      why: WHY[difference],
    }));
    if (compared.layersWithoutBytes > 0) {
      const why = `${compared.layersWithoutBytes} of its layers are not on disk: of their files only size, mode, owner and time were compared`;
      findings.push({ kind: "unchecked", what, why });
    }
    return { files: compared.files, findings };
  } catch (error) {
    return { files: 0, findings: [{ kind: "damaged", what, why: toDockerloaderError(error).message }] };
  }
}

const WHY = {
  missing: "it was removed or replaced",
  looks: "its size, mode, owner or time was changed",
  content: "its content is not what the layer has, though size and time are",
} as const;

/** The layers of an image as far as their blobs are there and sound. */
function layersOf(
  store: Store,
  digest: Digest,
  diffIds: readonly ContentDigest[],
  sound: ReadonlySet<ContentDigest>,
): (LayerInput | undefined)[] {
  const bytes = store.images.manifest(digest);
  if (bytes === undefined) return diffIds.map(() => undefined);
  const { layers } = parseImageManifest(bytes, digest);
  return diffIds.map((diffId, index) => {
    const layer = layers[index];
    if (layer === undefined || !sound.has(layer.digest)) return undefined;
    const path = store.blobs.path(layer.digest);
    return { ...layer, diffId, open: () => createReadStream(path, { highWaterMark: 1024 * 1024 }) };
  });
}
