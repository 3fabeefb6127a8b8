import { mkdtempSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import type { Digest } from "../digest.ts";
import { openSource } from "../registry/open-source.ts";
import { openStore } from "../store/index.ts";
import { openUnpacker } from "../unpack/index.ts";
import type { PullOptions } from "./pull.ts";
import { receiveImage } from "./receive.ts";

/**
 * Downloads an image and unpacks it into an empty directory, without a data directory: blobs go into a temporary store
 * beside it, which is removed in the end. Returns the digest of the platform's image.
 */
export async function pullInto(target: string, directory: string, options: PullOptions): Promise<Digest> {
  using unpacker = openUnpacker();
  const temporary = mkdtempSync(join(dirname(directory), `.${basename(directory)}-blobs-`));
  const source = openSource(target, options);
  const { log, signal } = options;
  try {
    const store = openStore(temporary);
    const image = await source.image({ signal });
    const { digest } = image;
    const { downloaded, unpacked } = receiveImage(store, image, { root: directory }, { source, log, signal, unpacker });
    const [{ entries, bytes, warnings, reusedLayers }] = await Promise.all([unpacked, downloaded]);
    for (const message of warnings) log.emit({ type: "image.warning", digest, message });
    log.emit({ type: "image.extracted", digest, entries, bytes, reusedLayers });
    return digest;
  } finally {
    source.close();
    rmSync(temporary, { recursive: true, force: true });
  }
}
