import { parse } from "dotenv";
import { DockerloaderError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import type { Environment } from "../config/load.ts";

/** Names that an image may never set: they change which code runs, whom it trusts, or what the loader does. */
const FORBIDDEN =
  /^(DOCKERLOADER_.*|LD_.*|PATH|NODE_OPTIONS|NODE_PATH|NODE_EXTRA_CA_CERTS|NODE_TLS_REJECT_UNAUTHORIZED|BASH_ENV|ENV|IFS|PYTHON.*|RUBYOPT|RUBYLIB|PERL5OPT|PERL5LIB|GCONV_PATH|(HTTPS?|ALL|NO)_PROXY)$/i;

export interface Variables {
  /** What is to be set: neither forbidden nor already set by the operator. */
  readonly apply: Readonly<Record<string, string>>;
  /** Names that were refused. */
  readonly refused: readonly string[];
}

/**
 * Reads an image's `.env` by dotenv's rules. The operator's environment wins over the image, a forbidden name is
 * refused whatever the environment says. Throws CONFIG_INVALID when the file is larger than the limit.
 */
export function readVariables(text: string, env: Environment): Variables {
  if (Buffer.byteLength(text) > LIMITS.dotenvBytes) {
    throw new DockerloaderError(
      "CONFIG_INVALID",
      `.env has ${Buffer.byteLength(text)} bytes, at most ${LIMITS.dotenvBytes} are read`,
    );
  }
  const apply: Record<string, string> = {};
  const refused: string[] = [];
  for (const [name, value] of Object.entries(parse(text))) {
    if (FORBIDDEN.test(name)) refused.push(name);
    else if (env[name] === undefined) apply[name] = value;
  }
  return { apply, refused };
}
