import type { Environment } from "../config/load.ts";
import type { DockerloaderError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { chooseChallenge, parseChallenges } from "./challenge.ts";
import { type Credentials, findCredentials } from "./credentials.ts";
import { refusal } from "./failures.ts";
import { baseUrl } from "./hosts.ts";
import { type Answer, type Ask, type Http, readBody } from "./http.ts";
import type { Reference } from "./reference.ts";
import { basic, fetchToken } from "./token.ts";

export interface AuthorizerOptions {
  readonly http: Http;
  readonly env: Environment;
  readonly authFile: string | undefined;
  readonly insecure: readonly string[];
  readonly limits: Limits;
}

/** Sends requests of one client, introducing itself only where and when a registry asks for it. */
export interface Authorizer {
  /** Follows redirects; answers whatever the registry answers except 401, which is REGISTRY_UNAUTHORIZED. */
  readonly ask: (reference: Reference, path: string, ask: Omit<Ask, "url">) => Promise<Answer>;
  readonly credentialSource: (reference: Reference) => string;
}

interface Grant {
  readonly authorization: string;
  readonly expiresAt: number;
}

/**
 * One grant for each repository, shared by requests that run side by side; dropped at the first 401, then fetched
 * once more. A second 401 is final: no loop against a registry that does not want us.
 */
export function createAuthorizer({ http, env, authFile, insecure, limits }: AuthorizerOptions): Authorizer {
  const grants = new Map<string, Promise<Grant | undefined>>();
  const credentialsFor = (reference: Reference): Credentials | undefined =>
    findCredentials(reference, { env, ...(authFile === undefined ? {} : { authFile }) });

  const obtain = async (reference: Reference, refused: Answer, signal: AbortSignal | undefined): Promise<Grant> => {
    const credentials = credentialsFor(reference);
    const challenge = chooseChallenge(parseChallenges(refused.lines("www-authenticate")));
    const body = (await readBody(refused, limits.errorBodyBytes, { truncate: true, signal })).toString("utf8");
    const origin = baseUrl(reference.registry, insecure);
    if (refused.url.origin !== origin.origin || challenge === undefined) throw unauthorized(reference, refused, body);
    if (credentials?.registryToken !== undefined)
      return { authorization: `Bearer ${credentials.registryToken}`, expiresAt: Infinity };
    if (challenge.scheme === "bearer") {
      const scope = challenge.parameters["scope"] ?? `repository:${reference.repository}:pull`;
      const { value, expiresAt } = await fetchToken({
        http,
        limits,
        insecure,
        registry: origin,
        challenge,
        scope,
        credentials,
        signal,
      });
      return { authorization: `Bearer ${value}`, expiresAt };
    }
    const { username, password } = credentials ?? {};
    if (username === undefined || password === undefined) throw unauthorized(reference, refused, body);
    return { authorization: basic(username, password), expiresAt: Infinity };
  };

  const unauthorized = (reference: Reference, answer: Answer, body: string): DockerloaderError =>
    refusal({
      status: 401,
      host: answer.url.host,
      what: `${reference.registry}/${reference.repository}`,
      body,
      retryAfter: undefined,
      credentials: credentialsFor(reference)?.source ?? "no credentials",
    });

  const usable = async (key: string): Promise<Grant | undefined> => {
    const grant = await grants.get(key)?.catch(() => undefined);
    return grant !== undefined && grant.expiresAt > performance.now() ? grant : undefined;
  };

  return {
    credentialSource: (reference) => credentialsFor(reference)?.source ?? "no credentials",
    ask: async (reference, path, ask) => {
      const url = new URL(path, baseUrl(reference.registry, insecure));
      const key = `${reference.registry}/${reference.repository}`;
      const send = (grant: Grant | undefined): Promise<Answer> =>
        http.follow({
          ...ask,
          url,
          headers: { ...ask.headers, ...(grant === undefined ? {} : { authorization: grant.authorization }) },
        });
      const used = grants.get(key);
      const first = await send(await usable(key));
      if (first.status !== 401) return first;
      // Another request may have fetched a new grant meanwhile: then that one is used.
      if (grants.get(key) === used) grants.set(key, obtain(reference, first, ask.signal));
      else first.body.on("error", () => {}).destroy();
      const pending = grants.get(key);
      const grant = await pending?.catch((error: unknown) => {
        if (grants.get(key) === pending) grants.delete(key);
        throw error;
      });
      const second = await send(grant);
      if (second.status !== 401) return second;
      grants.delete(key);
      throw unauthorized(
        reference,
        second,
        (await readBody(second, limits.errorBodyBytes, { truncate: true })).toString("utf8"),
      );
    },
  };
}
