import type { ServerResponse } from "node:http";
import { LIMITS } from "../limits.ts";
import type { Hub } from "./hub.ts";
import type { Update } from "./wire.ts";

/** Between two signs of life on a quiet stream, in milliseconds: a reader then knows a dead connection. */
const QUIET_MS = 10_000;

/**
 * Sends updates as server-sent events. A reader that does not keep up misses lines and is told how many; it never
 * makes this process hold more than one megabyte for it.
 */
export function streamUpdates(hub: Hub, response: ServerResponse, headers: Readonly<Record<string, string>>): void {
  response.writeHead(200, { ...headers, "content-type": "text/event-stream" });
  let missed = 0;
  const send = (update: Update): void => {
    if (response.writableLength > LIMITS.inspectBacklogBytes) {
      missed += update.lines.length + update.skipped;
      return;
    }
    response.write(`data: ${JSON.stringify({ ...update, skipped: update.skipped + missed })}\n\n`);
    missed = 0;
  };
  response.write("retry: 1000\n\n");
  send(hub.snapshot());
  const end = hub.subscribe(send);
  const life = setInterval(() => response.writableLength === 0 && response.write(": \n\n"), QUIET_MS);
  response.on("error", () => {});
  response.once("close", () => {
    end();
    clearInterval(life);
  });
}
