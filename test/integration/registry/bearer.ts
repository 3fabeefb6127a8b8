/** A registry of one image that wants bearer tokens, and its token service. */
import type { ServerResponse } from "node:http";
import { buildImage } from "../../../src/testing/index.ts";
import { type Env, type Opened, type Question, type Service, startService } from "./service.ts";

export const PASSWORD = "correct:horse";
export const BASIC = `Basic ${Buffer.from(`robot:${PASSWORD}`).toString("base64")}`;

export const image = await buildImage({ layers: [{ files: { entrypoint: "#!/bin/sh\n" } }] });

interface Plan {
  /** The realm as the challenge states it. Default: `/token` of the registry itself. */
  readonly realm?: (host: string) => string;
  readonly scope?: (question: Question) => string;
  /** Whether a token is good. Default: any. */
  readonly admits?: (token: string, question: Question) => boolean;
  /** Answers the token service. Default: a new token each time. */
  readonly token?: (question: Question, response: ServerResponse, count: number) => void;
}

export const json = (response: ServerResponse, status: number, body: object): void =>
  void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));

/** A registry of one image that wants a token, with its token service. */
export function startBearer({ realm, scope, admits = () => true, token }: Plan = {}): Promise<Service> {
  let tokens = 0;
  return startService((question, response) => {
    const { url, headers } = question;
    if (url.pathname === "/token") {
      tokens += 1;
      return token === undefined
        ? json(response, 200, { token: `token-${tokens}` })
        : token(question, response, tokens);
    }
    const [, given] = /^Bearer (.*)$/.exec(headers.authorization ?? "") ?? [];
    if (given === undefined || !admits(given, question)) {
      const where = realm?.(url.host) ?? `http://${url.host}/token`;
      const what = scope?.(question) ?? "repository:app:pull";
      const challenge = `Bearer realm="${where}",service="the tests",scope="${what}"`;
      response.setHeader("www-authenticate", challenge);
      return json(response, 401, { errors: [{ code: "UNAUTHORIZED", message: "authentication required" }] });
    }
    response.writeHead(200, { "content-type": image.mediaType }).end(image.manifest);
  });
}

export const auths = (host: string, entry: object): Env => ({
  DOCKER_AUTH_CONFIG: JSON.stringify({ auths: { [host]: entry } }),
});
export const password = (host: string): Env =>
  auths(host, { auth: Buffer.from(`robot:${PASSWORD}`).toString("base64") });
export const asked = ({ questions }: Service): Question[] => questions.filter(({ url }) => url.pathname === "/token");
export const notes = ({ events }: Opened): string =>
  events.map((event) => (event.type === "registry.note" ? event.message : "")).join("\n");
