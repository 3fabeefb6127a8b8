import type { Environment } from "../config/load.ts";
import type { Config } from "../config/table.ts";
import { LIMITS, type Limits } from "../limits.ts";
import { createAuthorizer } from "./authorize.ts";
import { createCredentials } from "./credentials.ts";
import type { FetchContext } from "./fetch-document.ts";
import { parseInsecure } from "./hosts.ts";
import { createHttp } from "./http.ts";
import { parseMirrors } from "./mirrors.ts";
import { createOrigins } from "./origins.ts";
import { rateLimitOf } from "./rate-limit.ts";
import type { Reference } from "./reference.ts";
import { createSecrets } from "./secrets.ts";
import type { ImageSource, RateLimit } from "./source.ts";
import { createTrust } from "./trust.ts";
import { warningsOf } from "./warning-header.ts";

/** What of the configuration a registry client reads. */
export type RegistrySettings = Pick<
  Config,
  "authFile" | "insecureRegistries" | "mirrors" | "caFile" | "certsDir" | "trustedRealms"
>;

export interface ConnectionOptions {
  readonly env: Environment;
  readonly settings: RegistrySettings;
  /** Called once for each text. */
  readonly onWarning: (message: string) => void;
  readonly onNote: (message: string) => void;
  readonly limits?: Partial<Limits>;
}

/** Everything that talks to one repository: connections, trust, credentials, mirrors. */
export interface Connection extends Pick<ImageSource, "rateLimit" | "clockSkewMs" | "close"> {
  readonly context: FetchContext;
}

/** Wires a connection. Asks nobody yet; throws CONFIG_INVALID when a setting is malformed. */
export function openConnection(reference: Reference, options: ConnectionOptions): Connection {
  const { env, settings } = options;
  const { caFile, certsDir, authFile } = settings;
  const limits: Limits = { ...LIMITS, ...options.limits };
  const onWarning = once(options.onWarning);
  const onNote = once(options.onNote);
  const listed = parseInsecure(settings.insecureRegistries);
  const http = createHttp({ env, limits, listed, trust: createTrust({ env, caFile, certsDir, listed, onWarning }) });
  let rateLimit: RateLimit | undefined;
  let clockSkewMs: number | undefined;
  const secrets = createSecrets();
  const authorizer = createAuthorizer({
    http,
    limits,
    secrets,
    onNote,
    origins: createOrigins(listed, limits),
    find: createCredentials({ env, authFile, limits, target: reference, onWarning }),
    realms: { listed, trusted: settings.trustedRealms.length === 0 ? undefined : settings.trustedRealms },
    onAnswer: (answer) => {
      rateLimit = rateLimitOf(answer) ?? rateLimit;
      const theirs = Date.parse(answer.header("date") ?? "");
      if (!Number.isNaN(theirs)) clockSkewMs = Date.now() - theirs;
      for (const text of warningsOf(answer.lines("warning")))
        onWarning(secrets.hide(`${answer.url.host} warns: ${text}`));
    },
  });
  const context: FetchContext = { authorizer, limits, endpoints: parseMirrors(settings.mirrors), onWarning };
  return {
    context,
    rateLimit: () => rateLimit,
    clockSkewMs: () => clockSkewMs,
    close: http.close,
  };
}

/** Says every text once for the life of a client. */
function once(say: (message: string) => void): (message: string) => void {
  const said = new Set<string>();
  return (message) => {
    if (said.has(message)) return;
    said.add(message);
    say(message);
  };
}
