import { randomUUID } from "node:crypto";
import { text } from "node:stream/consumers";
import { type Exchange, send, sendError } from "./exchange.ts";

export interface AuthOptions {
  readonly kind: "basic" | "bearer";
  readonly username: string;
  readonly password: string;
  /** With `bearer`: the token service hands this out for the password, and takes it by POST in the password's place (OAuth2). */
  readonly refreshToken?: string;
}

/** Who may come in. */
export interface Access {
  /** True: go on. False: the answer has been sent. */
  readonly admit: (exchange: Exchange, repository: string) => boolean;
  /** The token service; true when this request was for it, and then it has been answered. */
  readonly serveToken: (exchange: Exchange) => Promise<boolean>;
  /** Every token handed out so far is worthless from now on. */
  readonly revokeTokens: () => void;
  /** Every token handed out so far. */
  readonly tokens: readonly string[];
}

const TOKEN_LIFETIME_SECS = 300;

const refuse = (exchange: Exchange, challenge: string): false => {
  sendError(exchange, 401, "UNAUTHORIZED", { "www-authenticate": challenge });
  return false;
};

/** The refresh token in the form of an OAuth2 request, empty when there is none. */
async function sentRefreshToken({ request }: Exchange): Promise<string> {
  const form = new URLSearchParams(await text(request));
  return form.get("grant_type") === "refresh_token" ? (form.get("refresh_token") ?? "") : "";
}

/** Where to get a token, and for what: the scope names the access that this request needed. */
function bearerChallenge(
  { request: { method, headers } }: Exchange,
  repository: string,
  scheme: "http" | "https",
): string {
  const actions = method === "GET" || method === "HEAD" ? "pull" : "pull,push";
  const scope = repository === "" ? "" : `,scope="repository:${repository}:${actions}"`;
  return `Bearer realm="${scheme}://${headers.host ?? ""}/token",service="test registry"${scope}`;
}

export function createAccess(auth: AuthOptions | undefined, scheme: "http" | "https"): Access {
  const tokens = new Set<string>();
  const issued: string[] = [];
  const basic =
    auth === undefined ? "" : `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;

  return {
    tokens: issued,
    revokeTokens: () => tokens.clear(),
    admit: (exchange, repository) => {
      if (auth === undefined) return true;
      const { authorization } = exchange.request.headers;
      if (auth.kind === "basic") return authorization === basic || refuse(exchange, 'Basic realm="test registry"');
      const token = /^Bearer (.+)$/i.exec(authorization ?? "")?.[1];
      if (token !== undefined && tokens.has(token)) return true;
      return refuse(exchange, bearerChallenge(exchange, repository, scheme));
    },
    serveToken: async (exchange) => {
      if (auth?.kind !== "bearer" || exchange.url.pathname !== "/token") return false;
      const refresh = exchange.request.method === "POST" ? await sentRefreshToken(exchange) : undefined;
      const known =
        refresh === undefined ? exchange.request.headers.authorization === basic : refresh === auth.refreshToken;
      if (!known) {
        refuse(exchange, 'Basic realm="token service"');
        return true;
      }
      const token = randomUUID();
      tokens.add(token);
      issued.push(token);
      const { refreshToken } = auth;
      const answer = {
        token,
        expires_in: TOKEN_LIFETIME_SECS,
        issued_at: new Date().toISOString(),
        ...(refreshToken === undefined ? {} : { refresh_token: refreshToken }),
      };
      send(exchange, 200, { "content-type": "application/json" }, Buffer.from(JSON.stringify(answer)));
      return true;
    },
  };
}
