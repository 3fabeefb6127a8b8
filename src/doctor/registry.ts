import type { Environment } from "../config/load.ts";
import type { Config } from "../config/table.ts";
import { toDockerloaderError } from "../errors.ts";
import { silentLogger } from "../log/logger.ts";
import { openSource } from "../registry/open-source.ts";
import type { ImageSource } from "../registry/source.ts";
import { fault, type Finding, ok, warning } from "./finding.ts";

const LIMIT_MS = 20_000;
/** Somebody is waiting, and what fails now is the finding. */
const TRIES = 1;
const SKEW_MS = 60_000;

/** Asks the registry what the target names, with the credentials an update would use, and compares the clocks. */
export async function checkRegistry(config: Config, env: Environment): Promise<Finding[]> {
  if (config.target === undefined) return [];
  let source: ImageSource;
  try {
    source = openSource(config.target, { config, env, log: silentLogger, limits: { requestTries: TRIES } });
  } catch (error) {
    const { message, hint } = toDockerloaderError(error);
    return [fault("registry", message, hint ?? "write it as registry/repository:tag")];
  }
  try {
    return [await resolveTarget(source, config.target), judgeClock(source.clockSkewMs())];
  } finally {
    source.close();
  }
}

async function resolveTarget(source: ImageSource, target: string): Promise<Finding> {
  try {
    const digest = await source.resolve({ signal: AbortSignal.timeout(LIMIT_MS) });
    return ok("registry", `${target} is ${digest}`);
  } catch (error) {
    const { message, hint, code } = toDockerloaderError(error);
    return fault(
      "registry",
      `${message} [${code}]`,
      hint ?? "check name, network and credentials; `docker pull` shows the same",
    );
  }
}

/** A wrong clock breaks certificates and tokens; a registry's Date header tells without any other service. */
export function judgeClock(skewMs: number | undefined): Finding {
  if (skewMs === undefined) return ok("clock", "nobody said another time, so nothing to compare with");
  if (Math.abs(skewMs) <= SKEW_MS) return ok("clock", "it agrees with the registry's");
  const side = skewMs > 0 ? "ahead of" : "behind";
  return warning(
    "clock",
    `it is ${Math.round(Math.abs(skewMs) / 1000)} s ${side} the registry's`,
    "synchronise the host's clock: certificates and tokens depend on it",
  );
}
