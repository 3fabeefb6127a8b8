import { DockerloaderError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import type { Challenge } from "./challenge.ts";
import type { Credentials } from "./credentials.ts";
import { refusal } from "./failures.ts";
import { checkForeignUrl } from "./hosts.ts";
import { type Answer, type Http, readBody } from "./http.ts";
import { isRecord } from "./manifest.ts";

/** A bearer token and how long it may be used. */
export interface Token {
  readonly value: string;
  /** Milliseconds on the monotonic clock (`performance.now()`). */
  readonly expiresAt: number;
}

export interface TokenRequest {
  readonly http: Http;
  readonly limits: Limits;
  readonly insecure: readonly string[];
  /** The registry that asked for a token. */
  readonly registry: URL;
  readonly challenge: Challenge;
  readonly scope: string;
  readonly credentials: Credentials | undefined;
  readonly signal?: AbortSignal | undefined;
}

const LEAST_LIFETIME_SECS = 60;
const SAFETY_SECS = 10;

/**
 * Fetches a bearer token (distribution-spec, token authentication). The realm comes from the registry and is held
 * against the rules before any credential leaves; an identity token goes by POST (OAuth2), a password by GET and Basic.
 */
export async function fetchToken(request: TokenRequest): Promise<Token> {
  const { challenge, registry, insecure, credentials } = request;
  const realm = checkForeignUrl(challenge.parameters["realm"] ?? "", registry, insecure);
  realm.hash = "";
  if (credentials?.identityToken !== undefined) {
    const answer = await postRefreshToken(request, realm, credentials.identityToken);
    if (answer.status !== 404 && answer.status !== 405) return readToken(answer, request);
    answer.body.on("error", () => {}).destroy();
  }
  return readToken(await getToken(request, realm), request);
}

function postRefreshToken(
  { http, challenge, scope, signal }: TokenRequest,
  realm: URL,
  token: string,
): Promise<Answer> {
  const service = challenge.parameters["service"];
  const form = {
    grant_type: "refresh_token",
    client_id: "dockerloader",
    refresh_token: token,
    scope,
    ...(service === undefined ? {} : { service }),
  };
  return http.send({ method: "POST", url: realm, form, signal });
}

function getToken({ http, challenge, scope, credentials, signal }: TokenRequest, realm: URL): Promise<Answer> {
  const url = new URL(realm);
  const { service } = challenge.parameters;
  if (service !== undefined) url.searchParams.set("service", service);
  url.searchParams.append("scope", scope);
  const { username, password } = credentials ?? {};
  if (username === undefined || password === undefined) return http.follow({ method: "GET", url, signal });
  url.searchParams.set("account", username);
  return http.follow({ method: "GET", url, headers: { authorization: basic(username, password) }, signal });
}

export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

async function readToken(answer: Answer, { limits, credentials, signal }: TokenRequest): Promise<Token> {
  const { host } = answer.url;
  if (answer.status !== 200) {
    const body = await readBody(answer, limits.errorBodyBytes, { truncate: true, signal });
    throw refusal({
      status: answer.status,
      host,
      what: "a token",
      body: body.toString("utf8"),
      retryAfter: answer.header("retry-after"),
      credentials: credentials?.source ?? "no credentials",
    });
  }
  const bytes = await readBody(answer, limits.tokenBytes, { signal });
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    // No cause: it would quote the answer, and the answer may hold a token.
  }
  const token = isRecord(value) ? (value["access_token"] ?? value["token"]) : undefined;
  if (typeof token !== "string" || token === "") {
    throw new DockerloaderError("REGISTRY_PROTOCOL", `the token service ${host} answered without a token`);
  }
  const stated = isRecord(value) && typeof value["expires_in"] === "number" ? value["expires_in"] : LEAST_LIFETIME_SECS;
  const lifetimeMs = (Math.max(stated, LEAST_LIFETIME_SECS) - SAFETY_SECS) * 1000;
  return { value: token, expiresAt: performance.now() + lifetimeMs };
}
