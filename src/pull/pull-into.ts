import { mkdtempSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Digest } from "../digest.ts";
import { parseReference } from "../registry/reference.ts";
import { openStore } from "../store/index.ts";
import { type PullOptions, registryFor } from "./pull.ts";
import { receiveImage } from "./receive.ts";

/**
 * Downloads an image and unpacks it into an empty directory, without a data directory: blobs go into a temporary store
 * beside it, which is removed in the end. Returns the digest of the platform's image.
 */
export async function pullInto(target: string, directory: string, options: PullOptions): Promise<Digest> {
  const temporary = mkdtempSync(join(dirname(directory), `.${basename(directory)}-blobs-`));
  const { client, platform } = registryFor(options.config, options.env);
  const { log, signal } = options;
  try {
    const store = openStore(temporary);
    const image = await client.image(parseReference(target), { platform, signal });
    const { digest } = image;
    const { downloaded, unpacked } = receiveImage(store, image, { root: directory }, { client, log, signal });
    const [{ entries, bytes, warnings, reusedLayers }] = await Promise.all([unpacked, downloaded]);
    for (const message of warnings) log.emit({ type: "image.warning", digest, message });
    log.emit({ type: "image.extracted", digest, entries, bytes, reusedLayers });
    return digest;
  } finally {
    client.close();
    rmSync(temporary, { recursive: true, force: true });
  }
}
