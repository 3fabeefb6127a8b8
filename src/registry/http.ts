import { Agent as HttpAgent } from "node:http";
import { Agent as HttpsAgent } from "node:https";
import type { Readable } from "node:stream";
import got, { type Method } from "got";
import type { Environment } from "../config/load.ts";
import { DockerloaderError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { VERSION } from "../version.ts";
import { transportFailure } from "./failures.ts";
import { checkForeignUrl } from "./hosts.ts";

export interface Ask {
  readonly method: Method;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly form?: Readonly<Record<string, string>>;
  /** Makes the body, again for each time it has to be sent. */
  readonly body?: () => Buffer | Readable;
  readonly signal?: AbortSignal | undefined;
}

/** An answer whose body has not been read yet. Whoever gets one reads or destroys the body. */
export interface Answer {
  readonly status: number;
  readonly url: URL;
  readonly header: (name: string) => string | undefined;
  /** Every line of a header, as sent: Node joins repeated ones into something else. */
  readonly lines: (name: string) => string[];
  readonly body: Readable;
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
  readonly insecure: readonly string[];
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);
const USER_AGENT = `dockerloader/${VERSION} (node/${process.versions.node}; linux; ${process.arch})`;

export function createHttp({ env, limits, insecure }: HttpOptions): Http {
  // `proxyEnv` makes Node's own agents honour HTTP_PROXY, HTTPS_PROXY and NO_PROXY.
  const agentOptions = { keepAlive: true, maxSockets: 8, proxyEnv: { ...env } };
  const agent = { http: new HttpAgent(agentOptions), https: new HttpsAgent(agentOptions) };

  const send = ({ method, url, headers, form, body, signal }: Ask): Promise<Answer> =>
    new Promise((resolve, reject) => {
      const stream = got.stream(url, {
        method,
        agent,
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
      stream.once(
        "response",
        (response: {
          statusCode: number;
          headers: Record<string, string | string[] | undefined>;
          rawHeaders: string[];
        }) => {
          const { rawHeaders } = response;
          const lines = (name: string): string[] =>
            rawHeaders.flatMap((text, index) =>
              index % 2 === 0 && text.toLowerCase() === name ? [rawHeaders[index + 1] ?? ""] : [],
            );
          resolve({ status: response.statusCode, url, header: (name) => lines(name)[0], lines, body: stream });
        },
      );
    });

  const follow = async (ask: Ask): Promise<Answer> => {
    let current = ask;
    for (let hop = 0; hop <= limits.redirects; hop += 1) {
      const answer = await send(current);
      const location = answer.header("location");
      if (!REDIRECTS.has(answer.status) || location === undefined) return answer;
      answer.body.on("error", () => {}).destroy();
      const url = checkForeignUrl(location, current.url, insecure);
      const { authorization, ...rest } = current.headers ?? {};
      const keep = authorization !== undefined && url.origin === current.url.origin;
      current = { ...current, url, headers: keep ? { ...rest, authorization } : rest };
    }
    throw new DockerloaderError("REGISTRY_PROTOCOL", `${ask.url.host} redirected more than ${limits.redirects} times`);
  };

  return {
    send,
    follow,
    close: () => {
      agent.http.destroy();
      agent.https.destroy();
    },
  };
}

/** Reads a body of at most `most` bytes; more is an error, less only when `truncate` says that a part will do. */
export async function readBody(
  { body, url }: Answer,
  most: number,
  options: { truncate?: boolean; signal?: AbortSignal | undefined } = {},
): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size > most) break;
    }
  } catch (error) {
    throw transportFailure(error, url.host, options.signal);
  } finally {
    body.on("error", () => {}).destroy();
  }
  if (size > most && options.truncate !== true) {
    throw new DockerloaderError(
      "REGISTRY_PROTOCOL",
      `${url.host} sent more than ${most} bytes where a small document was expected`,
    );
  }
  return Buffer.concat(chunks).subarray(0, most);
}
