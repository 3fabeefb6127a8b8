import type { Digest } from "../digest.ts";
import type { Config } from "../config/table.ts";
import type { Environment } from "../config/load.ts";
import type { Logger } from "../log/logger.ts";
import { DockerloaderError } from "../errors.ts";
import { createRegistryClient, type RegistryClient } from "../registry/client.ts";
import { hostPlatform, parsePlatform, type Platform } from "../registry/platform.ts";
import { formatReference, parseReference } from "../registry/reference.ts";
import type { Store } from "../store/index.ts";
import { stageImage } from "./extract.ts";

/** The client and the platform that a configuration asks for. */
export function registryFor(config: Config, env: Environment): { client: RegistryClient; platform: Platform } {
  const { authFile, insecureRegistries, platform } = config;
  const client = createRegistryClient({ env, insecureRegistries, ...(authFile === undefined ? {} : { authFile }) });
  return { client, platform: platform === undefined ? hostPlatform() : parsePlatform(platform) };
}

export interface PullOptions {
  readonly config: Config;
  readonly env: Environment;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/** Resolves, downloads, verifies and unpacks an image. The caller holds the store lock. Returns the version's digest. */
export async function pullImage(store: Store, target: string, options: PullOptions): Promise<Digest> {
  const { client, platform } = registryFor(options.config, options.env);
  try {
    const reference = parseReference(target);
    const image = await client.image(reference, { platform, signal: options.signal });
    refuseCorrupt(store, image.digest);
    const { log, signal, config } = options;
    const staged = stageImage(store, image, {
      client,
      log,
      signal,
      reference: formatReference(reference),
      sharing: config.shareFiles,
    });
    await Promise.all([staged.downloaded, staged.published]);
    return image.digest;
  } finally {
    client.close();
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
