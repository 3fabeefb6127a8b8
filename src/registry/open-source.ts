import type { Environment } from "../config/load.ts";
import type { Config } from "../config/table.ts";
import type { Limits } from "../limits.ts";
import type { Logger } from "../log/logger.ts";
import type { Records } from "../store/records.ts";
import { createArchiveSource } from "./archive-source.ts";
import { createRegistrySource } from "./client.ts";
import { hostPlatform, parsePlatform } from "./platform.ts";
import { oddity } from "./reference.ts";
import { memoryIn } from "./sighting.ts";
import type { ImageSource } from "./source.ts";
import { parseTarget, type Target } from "./target.ts";

export interface SourceOptions {
  readonly config: Config;
  readonly env: Environment;
  readonly log: Logger;
  /** Default: LIMITS. */
  readonly limits?: Partial<Limits>;
  /** Where it is kept what the target stood for, so that the first check of a process is as cheap as any. Default: nowhere. */
  readonly records?: Pick<Records, "sighting" | "setSighting">;
}

/** Opens a target with the settings of a configuration. Asks nobody yet; throws when the target or a setting is malformed. */
export function openSource(target: string | Target, options: SourceOptions): ImageSource {
  const { config, env, log, limits, records } = options;
  const parsed = typeof target === "string" ? parseTarget(target) : target;
  const platform = config.platform === undefined ? hostPlatform() : parsePlatform(config.platform);
  const { place, name } = parsed;
  if (place.kind !== "registry") return createArchiveSource(place, name, { platform, ...(limits && { limits }) });
  const odd = oddity(place.reference);
  if (odd !== undefined) log.emit({ type: "registry.warning", message: odd });
  return createRegistrySource(place.reference, {
    platform,
    env,
    settings: config,
    onWarning: (message) => log.emit({ type: "registry.warning", message }),
    onNote: (message) => log.emit({ type: "registry.note", message }),
    ...(limits && { limits }),
    ...(records && { memory: memoryIn(records, name, platform) }),
  });
}
