import { randomUUID } from "node:crypto";
import { type Exchange, send, sendError } from "./exchange.ts";

export interface AuthOptions {
  readonly kind: "basic" | "bearer";
  readonly username: string;
  readonly password: string;
}

/** Who may come in. */
export interface Access {
  /** True: go on. False: the answer has been sent. */
  readonly admit: (exchange: Exchange, repository: string) => boolean;
  /** The token service; true when this request was for it, and then it has been answered. */
  readonly serveToken: (exchange: Exchange) => boolean;
  /** Every token handed out so far is worthless from now on. */
  readonly revokeTokens: () => void;
}

const TOKEN_LIFETIME_SECS = 300;

const refuse = (exchange: Exchange, challenge: string): false => {
  sendError(exchange, 401, "UNAUTHORIZED", { "www-authenticate": challenge });
  return false;
};

/** Where to get a token, and for what: the scope names the access that this request needed. */
function bearerChallenge({ request: { method, headers } }: Exchange, repository: string): string {
  const actions = method === "GET" || method === "HEAD" ? "pull" : "pull,push";
  const scope = repository === "" ? "" : `,scope="repository:${repository}:${actions}"`;
  return `Bearer realm="http://${headers.host ?? ""}/token",service="test registry"${scope}`;
}

export function createAccess(auth: AuthOptions | undefined): Access {
  const tokens = new Set<string>();
  const basic =
    auth === undefined ? "" : `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;

  return {
    revokeTokens: () => tokens.clear(),
    admit: (exchange, repository) => {
      if (auth === undefined) return true;
      const { authorization } = exchange.request.headers;
      if (auth.kind === "basic") return authorization === basic || refuse(exchange, 'Basic realm="test registry"');
      const token = /^Bearer (.+)$/i.exec(authorization ?? "")?.[1];
      if (token !== undefined && tokens.has(token)) return true;
      return refuse(exchange, bearerChallenge(exchange, repository));
    },
    serveToken: (exchange) => {
      if (auth?.kind !== "bearer" || exchange.url.pathname !== "/token") return false;
      if (exchange.request.headers.authorization !== basic) {
        refuse(exchange, 'Basic realm="token service"');
        return true;
      }
      const token = randomUUID();
      tokens.add(token);
      const answer = { token, expires_in: TOKEN_LIFETIME_SECS, issued_at: new Date().toISOString() };
      send(exchange, 200, { "content-type": "application/json" }, Buffer.from(JSON.stringify(answer)));
      return true;
    },
  };
}
