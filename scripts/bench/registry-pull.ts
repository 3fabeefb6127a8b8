/**
 * Downloads the one layer of an image into a new store, hashed and durable, once the image is known: what a running app
 * pays, which has looked at it before. `node registry-pull.ts REFERENCE FOLDER`
 */
import { rmSync } from "node:fs";
import { loadConfig } from "../../src/config/load.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { openSource } from "../../src/registry/open-source.ts";
import { openStore } from "../../src/store/index.ts";

const [, , reference = "", folder = ""] = process.argv;
const source = openSource(reference, { config: loadConfig({}), env: {}, log: silentLogger });
const store = openStore(folder);
const [layer] = (await source.image()).manifest.layers;
if (layer === undefined) throw new Error(`${reference} has no layer`);
const cpu = process.cpuUsage();
let started = performance.now();
const lap = (): number => {
  const begun = started;
  started = performance.now();
  return started - begun;
};
const writer = await store.blobs.writer(layer.digest);
await source.blob(layer, writer);
const wallMs = lap();
await writer.publish();
const syncMs = lap();
const { user, system } = process.cpuUsage(cpu);
console.log(JSON.stringify({ wallMs, syncMs, cpuMs: (user + system) / 1000 }));
source.close();
rmSync(folder, { recursive: true, force: true });
