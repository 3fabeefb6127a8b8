import { digestOf } from "../../../../src/digest.ts";
import type { BuiltImage } from "../../../../src/testing/index.ts";

/** The same image, but its config states a layer that is not the one it has: every digest is right, the whole is not. */
export function misstated(image: BuiltImage): BuiltImage {
  const [layer = "sha256:"] = image.diffIds;
  const swap = (bytes: Buffer, from: string, to: string): Buffer => Buffer.from(bytes.toString().replace(from, to));
  const config = swap(image.config, layer, digestOf(Buffer.from("another layer")));
  const manifest = swap(image.manifest, digestOf(image.config), digestOf(config));
  const blobs = new Map([...image.blobs, [digestOf(config), config] as const]);
  return { ...image, config, manifest, blobs, digest: digestOf(manifest) };
}
