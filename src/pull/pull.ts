import type { Digest } from "../digest.ts";
import type { Config } from "../config/table.ts";
import type { Environment } from "../config/load.ts";
import type { Limits } from "../limits.ts";
import type { Logger } from "../log/logger.ts";
import { DockerloaderError } from "../errors.ts";
import { openSource } from "../registry/open-source.ts";
import type { Store } from "../store/index.ts";
import { openUnpacker, type Unpacker } from "../unpack/index.ts";
import { stageImage } from "./extract.ts";
import { createHeadStart } from "./head-start.ts";

export interface PullOptions {
  readonly config: Config;
  readonly env: Environment;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** Default: LIMITS. */
  readonly limits?: Partial<Limits>;
  /** Unpacks the image; who gave it disposes of it. Default: one of our own. */
  readonly unpacker?: Unpacker;
}

/** Resolves, downloads, verifies and unpacks an image. The caller holds the store lock. Returns the version's digest. */
export async function pullImage(store: Store, target: string, options: PullOptions): Promise<Digest> {
  using own = options.unpacker === undefined ? openUnpacker() : undefined;
  const { log, signal, config } = options;
  const source = openSource(target, { ...options, records: store.records });
  const headStart = createHeadStart(store, { source, log, signal });
  try {
    const image = await source.image({ signal, ahead: headStart.begin });
    refuseCorrupt(store, image.digest);
    const staged = await stageImage(store, image, {
      source,
      log,
      signal,
      reference: source.name,
      sharing: config.shareFiles,
      unpacker: options.unpacker ?? own,
      downloads: headStart.downloads(),
    });
    await Promise.all([staged.downloaded, staged.published]);
    return image.digest;
  } catch (error) {
    await headStart.abandon(error);
    throw error;
  } finally {
    source.close();
  }
}

/** An image whose layers were found to be broken is not downloaded again. */
function refuseCorrupt(store: Store, digest: Digest): void {
  const reason = store.records.failure(digest)?.reason;
  if (reason?.kind !== "corrupt") return;
  throw new DockerloaderError("LAYER_CORRUPT", `the image ${digest} was refused before: ${reason.message}`, {
    hint: "build and push the image again",
  });
}
