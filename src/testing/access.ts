import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";

export interface AuthOptions {
  readonly kind: "basic" | "bearer";
  readonly username: string;
  readonly password: string;
}

/** Who may come in. */
export interface Access {
  /** True: go on. False: the answer has been sent. */
  readonly admit: (request: IncomingMessage, response: ServerResponse, repository: string) => boolean;
  /** The token service; true when this request was for it. */
  readonly serveToken: (request: IncomingMessage, response: ServerResponse, url: URL) => boolean;
  /** Every token handed out so far is worthless from now on. */
  readonly revokeTokens: () => void;
}

const TOKEN_LIFETIME_SECS = 300;

export function createAccess(auth: AuthOptions | undefined): Access {
  const tokens = new Set<string>();
  const basic =
    auth === undefined ? "" : `Basic ${Buffer.from(`${auth.username}:${auth.password}`).toString("base64")}`;

  const refuse = (response: ServerResponse, challenge: string): false => {
    response.writeHead(401, { "www-authenticate": challenge, "content-type": "application/json" });
    response.end(JSON.stringify({ errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] }));
    return false;
  };

  return {
    revokeTokens: () => tokens.clear(),
    admit: ({ headers: { authorization, host } }, response, repository) => {
      if (auth === undefined) return true;
      if (auth.kind === "basic") return authorization === basic || refuse(response, 'Basic realm="test registry"');
      if (authorization?.startsWith("Bearer ") === true && tokens.has(authorization.slice("Bearer ".length)))
        return true;
      const realm = `http://${host ?? ""}/token`;
      return refuse(response, `Bearer realm="${realm}",service="test registry",scope="repository:${repository}:pull"`);
    },
    serveToken: ({ headers: { authorization } }, response, url) => {
      if (auth?.kind !== "bearer" || url.pathname !== "/token") return false;
      if (authorization !== basic) {
        refuse(response, 'Basic realm="token service"');
        return true;
      }
      const token = randomUUID();
      tokens.add(token);
      response.writeHead(200, { "content-type": "application/json" });
      response.end(JSON.stringify({ token, expires_in: TOKEN_LIFETIME_SECS, issued_at: new Date().toISOString() }));
      return true;
    },
  };
}
