import { DockerloaderError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { readBody } from "./body.ts";
import type { Challenge } from "./challenge.ts";
import type { Credentials } from "./credential-match.ts";
import { refusal } from "./failures.ts";
import type { Answer, Http } from "./http.ts";
import { isRecord } from "./manifest.ts";
import type { Secrets } from "./secrets.ts";

/** A bearer token and how long it may be used. */
export interface Token {
  readonly value: string;
  /** Milliseconds on the monotonic clock (`performance.now()`). */
  readonly expiresAt: number;
  /** A refresh token that came with it, for the next time. */
  readonly refreshToken: string | undefined;
}

export interface TokenRequest {
  readonly http: Http;
  readonly limits: Limits;
  readonly secrets: Secrets;
  /** The token service, already held against the rules. */
  readonly realm: URL;
  /** Holds every address a redirect leads to against the same rules. */
  readonly allow: (url: URL) => void;
  readonly challenge: Challenge;
  readonly scopes: readonly string[];
  readonly credentials: Credentials | undefined;
  readonly signal?: AbortSignal | undefined;
}

const LEAST_LIFETIME_SECS = 60;
const SAFETY_SECS = 10;
/** A clock that is this far from ours, in milliseconds, says nothing about when a token was issued. */
const CLOCK_TRUST_MS = 300_000;

/**
 * Fetches a bearer token (distribution-spec, token authentication). An identity token goes by POST (OAuth2), and to
 * services that know no POST as before; a password goes by GET and Basic.
 */
export async function fetchToken(request: TokenRequest): Promise<Token> {
  const { credentials } = request;
  if (credentials?.identityToken !== undefined) {
    const answer = await postRefreshToken(request, credentials.identityToken);
    if (answer.status !== 404 && answer.status !== 405) return readToken(answer, request);
    answer.drop();
  }
  return readToken(await getToken(request), request);
}

function postRefreshToken({ http, realm, challenge, scopes, signal }: TokenRequest, token: string): Promise<Answer> {
  const service = challenge.parameters["service"];
  const form = {
    grant_type: "refresh_token",
    client_id: "dockerloader",
    refresh_token: token,
    scope: scopes.join(" "),
    ...(service === undefined ? {} : { service }),
  };
  return http.send({ method: "POST", url: realm, form, signal });
}

function getToken({ http, realm, allow, challenge, scopes, credentials, signal }: TokenRequest): Promise<Answer> {
  const url = new URL(realm);
  const { service } = challenge.parameters;
  if (service !== undefined) url.searchParams.set("service", service);
  for (const scope of scopes) url.searchParams.append("scope", scope);
  const { username, password } = credentials ?? {};
  if (username === undefined || password === undefined) return http.follow({ method: "GET", url, signal, allow });
  url.searchParams.set("account", username);
  return http.follow({ method: "GET", url, headers: { authorization: basic(username, password) }, signal, allow });
}

export function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
}

async function readToken(answer: Answer, { limits, secrets, credentials, signal }: TokenRequest): Promise<Token> {
  const { host } = answer.url;
  if (answer.status !== 200) {
    const body = await readBody(answer, limits.errorBodyBytes, { truncate: true, signal });
    // 400 is what OAuth2 says for a refresh token that is no longer good (RFC 6749, 5.2).
    const refused = answer.status === 400 && credentials?.identityToken !== undefined;
    throw refusal({
      status: refused ? 401 : answer.status,
      host,
      what: "a token",
      body: secrets.hide(body.toString("utf8")),
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
  const fields = isRecord(value) ? value : {};
  const text = (name: string): string | undefined => {
    const field = fields[name];
    return typeof field === "string" && field !== "" ? field : undefined;
  };
  const token = text("access_token") ?? text("token");
  if (token === undefined || /[^\x21-\x7e]/.test(token)) {
    throw new DockerloaderError("REGISTRY_PROTOCOL", `the token service ${host} answered without a token`, {
      hint: "check that the registry's token service works",
    });
  }
  secrets.add(token, text("refresh_token"));
  const stated = fields["expires_in"];
  const lifetimeSecs = Math.max(typeof stated === "number" ? stated : 0, LEAST_LIFETIME_SECS) - SAFETY_SECS;
  return {
    value: token,
    expiresAt: performance.now() + lifetimeSecs * 1000 - ageMs(text("issued_at")),
    refreshToken: text("refresh_token"),
  };
}

/** How long ago a token was issued, as far as that clock can be believed. */
function ageMs(issuedAt: string | undefined): number {
  const age = Date.now() - Date.parse(issuedAt ?? "");
  return Math.abs(age) <= CLOCK_TRUST_MS ? Math.max(0, age) : 0;
}
