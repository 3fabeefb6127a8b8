#!/usr/bin/env node
/**
 * A small web server that updates itself with the dockerloader library.
 *
 * Switches, from the image's `.env` or the operator's environment:
 * VERSION                what to call this version
 * PORT                   serve http here; without it the app only waits
 * RUN_ONCE               look for an update once, then end with code 0
 * FAIL_INIT              fail before being ready: the loader goes back to the previous version
 * SLEEP_BEFORE_READY_MS  take this long to become ready
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { initDockerloaded, isCliMode, markReady, startUpdateLoop } from "dockerloader";

// First of all: loads the image's `.env` and finds out which version this is.
await initDockerloaded();
const { VERSION = "unknown", PORT, RUN_ONCE, FAIL_INIT, SLEEP_BEFORE_READY_MS } = process.env;

/** Answers every request with the version; undefined when no port was asked for. */
async function serve(): Promise<Server | undefined> {
  if (PORT === undefined) return undefined;
  const server = createServer((_request, response) => response.end(`Version: ${VERSION}\n`));
  server.listen(Number(PORT));
  await once(server, "listening");
  return server;
}

/** Takes no new connections and resolves when the last request is answered. */
async function drain(server: Server | undefined): Promise<void> {
  if (server === undefined) return;
  server.close();
  server.closeIdleConnections();
  await once(server, "close");
}

async function main(): Promise<void> {
  console.log(`Version: ${VERSION}`);
  if (FAIL_INIT !== undefined) throw new Error("intentional failure for testing");
  await delay(Number(SLEEP_BEFORE_READY_MS ?? 0));
  const server = await serve();

  // Everything works: keep this version. Until here, a crash or a hang brings the previous one back.
  const onRestart = (): Promise<void> => drain(server);
  await markReady({ onRestart, check: RUN_ONCE === undefined });

  const updates = startUpdateLoop({ onRestart });
  // Without a server this app has nothing to do but live: a real one does its work here.
  const alive = setInterval(() => {}, 60_000);
  const end = async (): Promise<void> => {
    clearInterval(alive);
    await updates.stop();
    await drain(server);
  };
  process.once("SIGTERM", () => void end());
  process.once("SIGINT", () => void end());
  if (RUN_ONCE !== undefined && (await updates.check()).kind !== "staged") await end();
}

// `docker exec CONTAINER cli …` starts the committed version a second time, with these arguments: it neither serves nor updates.
const command = isCliMode();
if (command === undefined) await main();
else console.log([`Version: ${VERSION}`, ...command].join("\n"));
