/**
 * For developers: runs the demo and tells both machines to the Stately inspector while it goes on.
 * `npm run visualize` needs a browser with internet; `npm run demo` and `dockerloader inspect` need none.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { serveStately } from "../src/inspect/stately.ts";
import { openStore } from "../src/store/index.ts";

const demo = spawn(process.execPath, [join(import.meta.dirname, "demo.ts"), "--keep", "--announce"], {
  stdio: ["ignore", "pipe", "inherit"],
});
const stop = new AbortController();
process.once("SIGINT", () => stop.abort());
const bridges: Promise<void>[] = [];
let folder = "";
for await (const line of createInterface({ input: demo.stdout })) {
  console.log(line);
  const [, dataDir] = /^The volume is at (.*)$/.exec(line) ?? [];
  if (dataDir === undefined || bridges.length > 0) continue;
  folder = dirname(dataDir);
  bridges.push(
    serveStately({
      store: openStore(dataDir),
      port: 0,
      signal: stop.signal,
      onListening: (url) => console.log(`\nOpen ${url} in a browser; Ctrl-C ends it.\n`),
    }),
  );
}
if (demo.exitCode === null) await once(demo, "exit");
await Promise.all(bridges);
// The demo was told to keep it, because the page shows it for as long as somebody looks.
if (folder !== "") await rm(folder, { recursive: true, force: true });
