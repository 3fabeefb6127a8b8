import { Agent as HttpAgent, type AgentOptions } from "node:http";
import https, { type Agent as HttpsAgent } from "node:https";
import type { Readable } from "node:stream";
import got, { type Method } from "got";
import type { Environment } from "../config/load.ts";
import { DockerloaderError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { VERSION } from "../version.ts";
import { transportFailure } from "./failures.ts";
import { checkForeignUrl, type Listed } from "./hosts.ts";
import type { Trust } from "./trust.ts";

export interface Ask {
  readonly method: Method;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  /** Makes the body, again for each time it has to be sent. */
  readonly body?: () => Buffer | Readable;
  readonly signal?: AbortSignal | undefined;
  /** Looks at every address a redirect leads to and throws to refuse it. */
  readonly allow?: (url: URL) => void;
}

/** An answer whose body has not been read yet. Whoever gets one reads or drops the body. */
export interface Answer {
  readonly status: number;
  readonly url: URL;
  readonly header: (name: string) => string | undefined;
  /** Every line of a header, as sent: Node joins repeated ones into something else. */
  readonly lines: (name: string) => string[];
  readonly body: Readable;
  /** Gives the body up. */
  readonly drop: () => void;
}

export interface Http {
  /** One request without redirects. Rejects with REGISTRY_UNREACHABLE, _TIMEOUT, _TLS or ABORTED. */
  readonly send: (ask: Ask) => Promise<Answer>;
  /** Follows redirects by hand. Authorization is gone for good at the first other origin, even when a hop leads back. */
  readonly follow: (ask: Ask) => Promise<Answer>;
  readonly close: () => void;
}

export interface HttpOptions {
  readonly env: Environment;
  readonly limits: Limits;
  readonly listed: Listed;
  readonly trust: Trust;
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const USER_AGENT = `dockerloader/${VERSION} (node/${process.versions.node}; linux; ${process.arch})`;
const SOCKETS = 8;
const PROXY_VARIABLES = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy"] as const;

/** The first Node versions whose agents know `proxyEnv`. */
export function knowsProxies(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 24 || (major === 24 && minor >= 5) || (major === 22 && minor >= 21);
}

/** A proxy that would silently be passed by is a hole in somebody's network: then nothing is asked at all. */
function requireProxySupport(env: Environment): void {
  const name = PROXY_VARIABLES.find((variable) => env[variable]);
  if (name === undefined || knowsProxies(process.versions.node)) return;
  throw new DockerloaderError(
    "CONFIG_INVALID",
    `${name} is set, but Node ${process.versions.node} cannot use proxies`,
    {
      hint: "run on Node 24.5, 22.21 or later, or unset the variable",
    },
  );
}

export function createHttp({ env, limits, listed, trust }: HttpOptions): Http {
  requireProxySupport(env);
  // `proxyEnv` makes Node's own agents honour HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
  const shared: AgentOptions = { keepAlive: true, maxSockets: SOCKETS, proxyEnv: { ...env } };
  const plain = new HttpAgent(shared);
  // One agent for each https origin: authorities and client certificates belong to one host.
  const secure = new Map<string, HttpsAgent>();
  const secureAgent = (url: URL): HttpsAgent => {
    const agent = secure.get(url.host) ?? new https.Agent({ ...shared, ...trust(url) });
    secure.set(url.host, agent);
    return agent;
  };

  const send = ({ method, url, headers, form, body, signal }: Ask): Promise<Answer> =>
    new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(transportFailure(undefined, url.host, signal));
      const stream = got.stream(url, {
        method,
        agent: url.protocol === "https:" ? { https: secureAgent(url) } : { http: plain },
        headers: { "user-agent": USER_AGENT, "accept-encoding": "identity", ...headers },
        ...(form === undefined ? {} : { form: { ...form } }),
        ...(body === undefined ? {} : { body: body() }),
        ...(signal === undefined ? {} : { signal }),
        decompress: false,
        followRedirect: false,
        throwHttpErrors: false,
        retry: { limit: 0 },
        timeout: {
          lookup: limits.connectMs,
          connect: limits.connectMs,
          secureConnect: limits.connectMs,
          response: limits.responseMs,
          socket: limits.idleMs,
        },
      });
      stream.once("error", (error) => reject(transportFailure(error, url.host, signal)));
      stream.once("response", ({ statusCode, rawHeaders }: { statusCode: number; rawHeaders: string[] }) => {
        const lines = (name: string): string[] =>
          rawHeaders.flatMap((text, index) =>
            index % 2 === 0 && text.toLowerCase() === name ? [rawHeaders[index + 1] ?? ""] : [],
          );
        const drop = (): void => void stream.on("error", () => {}).destroy();
        resolve({ status: statusCode, url, header: (name) => lines(name)[0], lines, body: stream, drop });
      });
    });

  const follow = async (ask: Ask): Promise<Answer> => {
    let current = ask;
    for (let hop = 0; hop <= limits.redirects; hop += 1) {
      const answer = await send(current);
      const location = answer.header("location");
      if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
      answer.drop();
      const url = checkForeignUrl(location, current.url, listed);
      ask.allow?.(url);
      const { authorization, ...rest } = current.headers ?? {};
      const keep = authorization !== undefined && url.origin === current.url.origin;
      current = { ...current, url, headers: keep ? { ...rest, authorization } : rest };
    }
    throw new DockerloaderError("REGISTRY_PROTOCOL", `${ask.url.host} redirected more than ${limits.redirects} times`, {
      hint: "its redirects lead in a circle: look at the registry or the proxy in front of it",
    });
  };

  return {
    send,
    follow,
    close: () => {
      plain.destroy();
      for (const agent of secure.values()) agent.destroy();
    },
  };
}
