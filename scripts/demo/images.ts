import { chmod, mkdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { buildImage, type BuiltImage } from "../../src/testing/index.ts";

const HERE = import.meta.dirname;

/** Bundles the demo's app into a folder: one executable file and the worker that unpacks layers beside it. */
export async function bundleApp(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await build({
    entryPoints: { app: join(HERE, "app.ts"), "unpack-worker": join(HERE, "../../src/unpack/worker.ts") },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    minify: true,
    banner: {
      js: '#!/usr/bin/env node\nimport { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    logLevel: "warning",
  });
  await rename(join(folder, "app.js"), join(folder, "entrypoint"));
  await chmod(join(folder, "entrypoint"), 0o755);
  await writeFile(join(folder, "package.json"), '{ "type": "module" }\n');
}

/** One version: the app as the first layer, which all versions share, and its `.env` as the second. */
export function buildVersion(folder: string, version: number, behaviour: string): Promise<BuiltImage> {
  return buildImage({
    layers: [{ directory: folder }, { files: { ".env": `VERSION=${version}\nBEHAVIOUR=${behaviour}\n` } }],
  });
}
