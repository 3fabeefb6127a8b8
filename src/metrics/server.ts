import { createServer } from "node:http";
import type { Config } from "../config/table.ts";
import type { Hub } from "../inspect/hub.ts";
import { type Listening, listen } from "../inspect/listen.ts";
import type { View } from "../inspect/view.ts";
import type { Metrics } from "./metrics.ts";

export interface MetricsServerOptions {
  readonly hub: Hub;
  readonly metrics: Metrics;
  readonly address: NonNullable<Config["metrics"]>;
}

/** Alive: a loader runs. What it runs is `/readyz`'s question: a trial must not get the container killed. */
function health({ loader }: View): readonly [number, string] {
  return loader === null ? [503, "no loader runs\n"] : [200, "ok\n"];
}

/** Ready: a version runs that is committed, which on trial it is not before it has said that it works. */
function readiness({ loader, supervisor, child }: View): readonly [number, string] {
  const ready = loader !== null && supervisor.state === "committed" && child !== null;
  return ready ? [200, "ok\n"] : [503, `${loader === null ? "no loader runs" : `state ${supervisor.state}`}\n`];
}

/** Serves `/metrics`, `/healthz` and `/readyz`. */
export function serveMetrics({ hub, metrics, address }: MetricsServerOptions): Promise<Listening> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    const send = (status: number, body: string, type = "text/plain; charset=utf-8"): void =>
      void response.writeHead(status, { "content-type": type, "cache-control": "no-store" }).end(body);
    if (request.method !== "GET" && request.method !== "HEAD") return send(405, "GET only\n");
    if (path === "/healthz") return send(...health(hub.view()));
    if (path === "/readyz") return send(...readiness(hub.view()));
    if (path !== "/metrics") return send(404, "here are /metrics, /healthz and /readyz\n");
    const { view, storage } = { view: hub.view(), storage: hub.snapshot().storage };
    void metrics.page(view, storage).then(
      (text) => send(200, text, metrics.contentType),
      (error: unknown) => send(500, `${String(error)}\n`),
    );
  });
  return listen(server, address.host, address.port);
}
