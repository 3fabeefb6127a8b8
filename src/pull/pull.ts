import type { Digest } from "../digest.ts";
import type { Config } from "../config/table.ts";
import type { Environment } from "../config/load.ts";
import type { Logger } from "../log/logger.ts";
import { createRegistryClient, type RegistryClient } from "../registry/client.ts";
import { hostPlatform, parsePlatform, type Platform } from "../registry/platform.ts";
import { formatReference, parseReference } from "../registry/reference.ts";
import type { Store } from "../store/index.ts";
import { downloadImage } from "./download.ts";
import { extractImage } from "./extract.ts";

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
    await downloadImage(store, image, { ...options, client });
    await extractImage(store, image.digest, { ...options, reference: formatReference(reference) });
    return image.digest;
  } finally {
    client.close();
  }
}
