import type { Config } from "../config/table.ts";
import type { Logger } from "../log/logger.ts";
import { timeOf, type Recorded } from "../log/parse.ts";
import { followJournal, openStore } from "../store/index.ts";
import { createToken } from "./access.ts";
import { openLineSink } from "./events-fd.ts";
import { createHub } from "./hub.ts";
import type { Listening } from "./listen.ts";

export interface ObserveOptions {
  readonly config: Config;
  readonly log: Logger;
  /** ISO 8601: what happened before is for the views alone, it is neither counted nor handed on. */
  readonly since: string;
  /** Ends the observation: what is on the way is delivered first. */
  readonly signal: AbortSignal;
}

/**
 * Everything that looks at a running loader from outside of it: the live view, the metrics, the descriptor that gets
 * every event. Runs in a process of its own, started by the loader: whatever a browser, a scrape or a reader does to
 * it, the loader and the app do not notice.
 */
export async function observe({ config, log, since, signal }: ObserveOptions): Promise<void> {
  const store = openStore(config.dataDir, { create: false });
  const closing: (() => Promise<void> | void)[] = [];
  const serve = async (listening: Promise<Listening>): Promise<number> => {
    const { port, close } = await listening;
    closing.push(close);
    return port;
  };
  const { inspect, metrics: scraped, eventsFd } = config;
  try {
    if (inspect !== undefined || scraped !== undefined) {
      const metrics = scraped === undefined ? undefined : (await import("../metrics/metrics.ts")).createMetrics();
      const onEvents = (events: readonly Recorded[]): void =>
        metrics?.count(events.filter(({ time }) => time >= since));
      const hub = createHub(store, { config, onEvents });
      closing.push(hub.close);
      if (metrics !== undefined && scraped !== undefined) {
        const { serveMetrics } = await import("../metrics/server.ts");
        await serve(serveMetrics({ hub, metrics, address: scraped }));
      }
      if (inspect !== undefined) {
        const { serveInspector } = await import("./server.ts");
        // An observer that was started again keeps the token: pages that are open come back by themselves.
        const token = tokenOf(store.records.inspector()?.url) ?? createToken();
        const port = await serve(serveInspector({ hub, ...inspect, token }));
        store.records.setInspector({ url: urlOf(inspect.host, port, token) });
        log.emit({ type: "inspect.listening", address: `${inspect.host}:${port}` });
      }
    }
    if (eventsFd !== undefined) {
      const sink = openLineSink(eventsFd);
      const follower = followJournal(store.fs, store.layout.events, (lines) => {
        sink.write(lines.filter((line) => timeOf(line) >= since));
      });
      closing.push(async () => {
        follower.close();
        await sink.end();
      });
    }
    await new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
  } finally {
    for (const close of closing.toReversed()) await close();
    if (inspect !== undefined) store.records.dropInspector();
  }
}

function tokenOf(url: string | undefined): string | undefined {
  return url === undefined ? undefined : (new URL(url).searchParams.get("token") ?? undefined);
}

/** The address of a live view, with its token. */
export function urlOf(host: string, port: number, token: string): string {
  const shown = host.includes(":") ? `[${host}]` : host === "0.0.0.0" ? "127.0.0.1" : host;
  return `http://${shown}:${port}/?token=${token}`;
}
