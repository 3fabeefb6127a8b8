import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { accessOf, cookieName } from "./access.ts";
import type { Hub } from "./hub.ts";
import { loadPage } from "./page.ts";
import { type Listening, listen } from "./listen.ts";
import { streamUpdates } from "./stream.ts";

export interface InspectOptions {
  readonly hub: Hub;
  readonly host: string;
  readonly port: number;
  readonly token: string;
}

const TEXT = { "content-type": "text/plain; charset=utf-8" } as const;
const GUARDS = {
  "cache-control": "no-store",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
} as const;

/** Serves the live view: one page and one stream of updates. It reads and shows; there is nothing it can change. */
export async function serveInspector({ hub, host, port, token }: InspectOptions): Promise<Listening> {
  const page = loadPage();
  const answer = (request: IncomingMessage, response: ServerResponse, server: Server): void => {
    const url = new URL(request.url ?? "/", "http://localhost");
    const bound = portOf(server);
    const send = (status: number, headers: Record<string, string>, body: string): void =>
      void response.writeHead(status, { ...GUARDS, ...headers }).end(body);
    if (request.method !== "GET") return send(405, { ...TEXT, allow: "GET" }, "this page is for looking only\n");
    const access = accessOf(request, url, token, bound);
    if (access === "none") {
      return send(401, TEXT, "the address with its token is printed by `dockerloader inspect`\n");
    }
    if (url.pathname === "/" && access === "token") {
      const cookie = `${cookieName(bound)}=${token}; Path=/; HttpOnly; SameSite=Strict`;
      return send(303, { location: "/", "set-cookie": cookie }, "");
    }
    if (url.pathname === "/") {
      return send(
        200,
        { "content-type": "text/html; charset=utf-8", "content-security-policy": page.policy },
        page.html,
      );
    }
    if (url.pathname === "/updates") return streamUpdates(hub, response, GUARDS);
    if (url.pathname === "/view.json") {
      return send(200, { "content-type": "application/json" }, JSON.stringify(hub.snapshot()));
    }
    send(404, TEXT, "there is nothing here\n");
  };
  const server = createServer((request, response) => answer(request, response, server));
  return listen(server, host, port);
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}
