import type { Environment } from "../config/load.ts";
import type { Config } from "../config/table.ts";
import { toDockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { registryFor } from "../pull/pull.ts";
import { baseUrl } from "../registry/hosts.ts";
import { createHttp } from "../registry/http.ts";
import { parseReference, type Reference } from "../registry/reference.ts";
import { fault, type Finding, ok, warning } from "./finding.ts";

const LIMIT_MS = 20_000;
const SKEW_MS = 60_000;

/** Asks the registry what the target names, with the credentials an update would use, and compares the clocks. */
export async function checkRegistry(config: Config, env: Environment): Promise<Finding[]> {
  if (config.target === undefined) return [];
  let reference: Reference;
  try {
    reference = parseReference(config.target);
  } catch (error) {
    const { message, hint } = toDockerloaderError(error);
    return [fault("registry", message, hint ?? "write it as registry/repository:tag")];
  }
  return [await resolveTarget(reference, config, env), await compareClocks(reference, config, env)];
}

async function resolveTarget(reference: Reference, config: Config, env: Environment): Promise<Finding> {
  const { client, platform } = registryFor(config, env);
  try {
    const digest = await client.resolve(reference, { platform, signal: AbortSignal.timeout(LIMIT_MS) });
    return ok("registry", `${config.target} is ${digest}`);
  } catch (error) {
    const { message, hint, code } = toDockerloaderError(error);
    return fault(
      "registry",
      `${message} [${code}]`,
      hint ?? "check name, network and credentials; `docker pull` shows the same",
    );
  } finally {
    client.close();
  }
}

/** A wrong clock breaks certificates and tokens; a registry's Date header tells without any other service. */
async function compareClocks(reference: Reference, config: Config, env: Environment): Promise<Finding> {
  const insecure = config.insecureRegistries;
  const http = createHttp({ env, limits: LIMITS, insecure });
  try {
    const url = baseUrl(reference.registry, insecure);
    const answer = await http.send({ method: "GET", url, signal: AbortSignal.timeout(LIMIT_MS) });
    answer.body.on("error", () => {}).destroy();
    const theirs = Date.parse(answer.header("date") ?? "");
    if (Number.isNaN(theirs)) return ok("clock", "the registry does not say its time, so nothing to compare with");
    const skewMs = Date.now() - theirs;
    if (Math.abs(skewMs) <= SKEW_MS) return ok("clock", "it agrees with the registry's");
    const side = skewMs > 0 ? "ahead of" : "behind";
    return warning(
      "clock",
      `it is ${Math.round(Math.abs(skewMs) / 1000)} s ${side} the registry's`,
      "synchronise the host's clock: certificates and tokens depend on it",
    );
  } catch {
    return warning(
      "clock",
      "the registry did not answer, so nothing to compare with",
      "mend the registry finding first",
    );
  } finally {
    http.close();
  }
}
