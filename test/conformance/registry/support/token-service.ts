import { createPrivateKey, randomUUID, sign, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import type { Pair } from "./authority.ts";

export interface TokenServiceOptions {
  /** What tokens are signed with; the registry trusts its certificate. */
  readonly pair: Pair;
  readonly algorithm: "ES256" | "RS256";
  /** Passwords by name. Whoever is in here may pull everything. */
  readonly users: Readonly<Record<string, string>>;
  /** Repositories that everybody may pull. */
  readonly open: readonly string[];
  /** An identity token that stands for a user. */
  readonly identityToken?: string;
  /** Seconds after which the registry refuses a token. */
  readonly validSecs?: number;
}

/** One question to the service. */
export interface TokenQuestion {
  readonly method: string;
  readonly authorization: string | undefined;
  readonly scopes: readonly string[];
  readonly status: number;
}

/** A token service as docker's registry expects one (docs/spec/auth/token): Basic by GET, identity tokens by POST. */
export interface TokenService {
  readonly questions: TokenQuestion[];
  /** The `auth` section for the registry. */
  readonly auth: object;
  readonly stop: () => Promise<void>;
}

const ISSUER = "the tests";
const SERVICE = "registry.test";
/** What the service says about the life of a token, whatever the registry thinks of it. */
const STATED_SECS = 300;

export async function startTokenService(options: TokenServiceOptions): Promise<TokenService> {
  const { pair, algorithm, users, open, identityToken, validSecs = STATED_SECS } = options;
  const key = createPrivateKey(await readFile(pair.key));
  const chain = new X509Certificate(await readFile(pair.certificate)).raw.toString("base64");
  const questions: TokenQuestion[] = [];

  const tokenFor = (scopes: readonly string[], known: boolean): string => {
    const now = Math.floor(Date.now() / 1000);
    const access = scopes.map((scope) => {
      const [type = "", name = "", actions = ""] = scope.split(":");
      const allowed =
        known || open.includes(name) ? actions.split(",").filter((action) => known || action === "pull") : [];
      return { type, name, actions: allowed };
    });
    const header = { typ: "JWT", alg: algorithm, x5c: [chain] };
    const times = { iat: now, nbf: now - 10, exp: now + validSecs };
    const claims = { iss: ISSUER, aud: SERVICE, sub: "", jti: randomUUID(), ...times, access };
    const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
    const signature = sign("sha256", Buffer.from(signed), { key, dsaEncoding: "ieee-p1363" });
    return `${signed}.${signature.toString("base64url")}`;
  };

  const answer = async (request: IncomingMessage): Promise<{ status: number; body: object }> => {
    const { searchParams } = new URL(request.url ?? "/", "http://service");
    const form = request.method === "POST" ? new URLSearchParams(await text(request)) : undefined;
    const scopes = (form ?? searchParams).getAll("scope").flatMap((scope) => scope.split(" "));
    const { authorization } = request.headers;
    const known = form === undefined ? knows(authorization, users) : form.get("refresh_token") === identityToken;
    const refused = (form !== undefined || authorization !== undefined) && !known;
    const service = (form ?? searchParams).get("service");
    const status = service !== SERVICE ? 400 : refused ? 401 : 200;
    questions.push({ method: request.method ?? "", authorization, scopes, status });
    if (status !== 200) return { status, body: { errors: [{ code: "UNAUTHORIZED", message: "who are you" }] } };
    const token = tokenFor(scopes, known);
    return { status, body: { ...(form ? { access_token: token } : { token }), expires_in: STATED_SECS } };
  };

  const server = createServer((request, response) => {
    void answer(request).then(({ status, body }) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    questions,
    auth: {
      token: {
        realm: `http://127.0.0.1:${port}/token`,
        service: SERVICE,
        issuer: ISSUER,
        rootcertbundle: pair.certificate,
      },
    },
    stop: async () => {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function knows(authorization: string | undefined, users: Readonly<Record<string, string>>): boolean {
  const [name = "", password] = Buffer.from(authorization?.replace(/^Basic /, "") ?? "", "base64")
    .toString()
    .split(":");
  return Object.hasOwn(users, name) && users[name] === password;
}
