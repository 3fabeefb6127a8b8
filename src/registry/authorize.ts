import { DockerloaderError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { readBody } from "./body.ts";
import { type Challenge, chooseChallenge, parseChallenges } from "./challenge.ts";
import type { Credentials, FindCredentials } from "./credentials.ts";
import { refusal } from "./failures.ts";
import type { Answer, Ask, Http } from "./http.ts";
import type { Endpoint } from "./mirrors.ts";
import type { Origins } from "./origins.ts";
import { cut } from "./quote.ts";
import { checkRealm, type RealmRules } from "./realm.ts";
import type { Secrets } from "./secrets.ts";
import { basic, fetchToken } from "./token.ts";

export interface AuthorizerOptions {
  readonly http: Http;
  readonly origins: Origins;
  readonly find: FindCredentials;
  readonly secrets: Secrets;
  readonly realms: RealmRules;
  readonly limits: Limits;
  readonly onNote: (message: string) => void;
  /** Sees every answer of a registry. */
  readonly onAnswer: (answer: Answer) => void;
}

/** Sends requests of one client, introducing itself only where and when a registry asks for it. */
export interface Authorizer {
  /** Follows redirects; answers whatever the registry answers except 401, which is REGISTRY_UNAUTHORIZED. */
  readonly ask: (endpoint: Endpoint, path: string, ask: Omit<Ask, "url">) => Promise<Answer>;
  readonly credentialSource: (endpoint: Endpoint) => Promise<string>;
  /** Text of a server without the secrets that were used. */
  readonly hide: (text: string) => string;
}

interface Grant {
  readonly authorization: string;
  readonly expiresAt: number;
  readonly scopes: readonly string[];
}

/**
 * One grant for each repository of each host, shared by requests that run side by side; dropped at the first 401, then
 * fetched once more, with the scope that the registry asked for when it asked for another. A second 401 is final: no loop
 * against a registry that does not want us. An answer from where a redirect led is never answered with our credentials.
 */
export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  const { http, origins, realms, limits, secrets, onNote, onAnswer } = options;
  const find: FindCredentials = async (reference) => {
    const found = await options.find(reference);
    const { username, password, identityToken, registryToken } = found ?? {};
    secrets.add(password, identityToken, registryToken);
    if (username !== undefined && password !== undefined) secrets.add(basic(username, password).replace("Basic ", ""));
    return found;
  };
  const grants = new Map<string, Promise<Grant>>();
  const refreshTokens = new Map<string, string>();

  const unauthorized = async (endpoint: Endpoint, answer: Answer, signal?: AbortSignal): Promise<DockerloaderError> =>
    refusal({
      status: 401,
      host: answer.url.host,
      what: `${endpoint.reference.registry}/${endpoint.reference.repository}`,
      credentials: (await find(endpoint.reference))?.source ?? "no credentials",
      body: secrets.hide((await readBody(answer, limits.errorBodyBytes, { truncate: true, signal })).toString("utf8")),
      retryAfter: undefined,
    });

  const obtain = async (
    endpoint: Endpoint,
    base: URL,
    refused: Answer,
    before: Grant | undefined,
    signal: AbortSignal | undefined,
  ): Promise<Grant> => {
    const offered = parseChallenges(refused.lines("www-authenticate"));
    const challenge = chooseChallenge(offered);
    if (refused.url.origin !== base.origin || (challenge === undefined && offered.length === 0))
      throw await unauthorized(endpoint, refused, signal);
    if (challenge === undefined) {
      refused.drop();
      throw unspoken(base.host, offered);
    }
    const found = await find(endpoint.reference);
    if (found?.registryToken !== undefined) {
      refused.drop();
      return { authorization: `Bearer ${found.registryToken}`, expiresAt: Infinity, scopes: [] };
    }
    if (challenge.scheme === "basic") {
      const { username, password } = found ?? {};
      if (username === undefined || password === undefined) throw await unauthorized(endpoint, refused, signal);
      refused.drop();
      return { authorization: basic(username, password), expiresAt: Infinity, scopes: [] };
    }
    refused.drop();
    const realm = checkRealm(challenge.parameters["realm"] ?? "", base, realms);
    if (found !== undefined && realm.host !== base.host)
      onNote(`the credentials for ${base.host} (${found.source}) go to its token service ${realm.host}`);
    const asked = challenge.parameters["scope"] ?? `repository:${endpoint.reference.repository}:pull`;
    // What is missing stands first: some services read the first scope only.
    const scopes = [...new Set([asked, ...(before?.scopes ?? [])])];
    const memory = `${realm.href} ${found?.source ?? ""}`;
    const credentials = withRefreshToken(found, refreshTokens.get(memory));
    const allow = (url: URL): void => void checkRealm(url.href, base, realms);
    const request = { http, limits, secrets, realm, allow, challenge, scopes, signal };
    const token = await fetchToken({ ...request, credentials }).catch((error: unknown) => {
      // A remembered refresh token may have run out; what the operator gave us still counts.
      if (!refreshTokens.delete(memory)) throw error;
      return fetchToken({ ...request, credentials: found });
    });
    if (token.refreshToken !== undefined) refreshTokens.set(memory, token.refreshToken);
    return { authorization: `Bearer ${token.value}`, expiresAt: token.expiresAt, scopes };
  };

  const settled = (grant: Promise<Grant> | undefined): Promise<Grant | undefined> =>
    grant?.catch(() => undefined) ?? Promise.resolve(undefined);

  return {
    hide: secrets.hide,
    credentialSource: async ({ reference }) => (await find(reference))?.source ?? "no credentials",
    ask: async (endpoint, path, ask) => {
      const { registry, repository } = endpoint.reference;
      const base = await origins.base(registry);
      // An upload goes on at an address that the registry named; the caller has held it against the registry's own.
      const url = URL.parse(path) ?? new URL(`${repository}/${path}${endpoint.query}`, base);
      const key = `${registry}/${repository}`;
      const send = async (grant: Grant | undefined): Promise<Answer> => {
        const headers = { ...ask.headers, ...(grant === undefined ? {} : { authorization: grant.authorization }) };
        const answer = await http.follow({ ...ask, url, headers });
        onAnswer(answer);
        return answer;
      };
      const renew = (refused: Answer, used: Promise<Grant> | undefined, last: Grant | undefined): Promise<Grant> => {
        const newer = grants.get(key);
        // Another request may have fetched a new grant meanwhile: then that one is used.
        if (newer !== undefined && newer !== used) {
          refused.drop();
          return newer;
        }
        const pending = obtain(endpoint, base, refused, last, ask.signal);
        grants.set(key, pending);
        pending.catch(() => grants.get(key) === pending && grants.delete(key));
        return pending;
      };

      let used = grants.get(key);
      let grant = await settled(used);
      let answer = await send(grant !== undefined && grant.expiresAt > performance.now() ? grant : undefined);
      for (let renewals = 0; answer.status === 401 && renewals < 2; renewals += 1) {
        if (renewals > 0 && !asksForMore(answer, grant)) break;
        const renewed = renew(answer, used, grant);
        grant = await renewed;
        used = renewed;
        answer = await send(grant);
      }
      if (answer.status !== 401) return answer;
      grants.delete(key);
      throw await unauthorized(endpoint, answer, ask.signal);
    },
  };
}

/** A registry that knows other schemes only: no credential that we have can help there. */
function unspoken(host: string, offered: readonly Challenge[]): DockerloaderError {
  const schemes = [...new Set(offered.map(({ scheme }) => scheme))].join(", ");
  return new DockerloaderError(
    "REGISTRY_UNAUTHORIZED",
    `${host} asks for ${cut(schemes)}; spoken here are bearer and basic`,
    {
      hint: "turn on token or basic authentication at the registry, or put a mirror in front of it",
      details: { host },
    },
  );
}

/** True when a registry refuses a token because it wants a scope that the token was not asked for. */
function asksForMore(answer: Answer, grant: Grant | undefined): boolean {
  const scope = chooseChallenge(parseChallenges(answer.lines("www-authenticate")))?.parameters["scope"];
  return scope !== undefined && grant !== undefined && !grant.scopes.includes(scope);
}

/** A refresh token that a service gave us for a password is used in its place, as docker does. */
function withRefreshToken(found: Credentials | undefined, token: string | undefined): Credentials | undefined {
  return found === undefined || token === undefined ? found : { ...found, identityToken: token };
}
