import { chmod, mkdir, mkdtemp, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import type { Digest } from "../../src/digest.ts";
import { packImage } from "../../src/pack/image.ts";
import { pushImage } from "../../src/pack/push.ts";
import { hostPlatform } from "../../src/registry/platform.ts";
import { readConfig } from "../../src/config/load.ts";
import { parseReference } from "../../src/registry/reference.ts";

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

/** Packs and pushes one version: the app as the first layer, which all versions share, and its `.env` as the second. */
export async function pushVersion(app: string, version: number, behaviour: string, target: string): Promise<Digest> {
  const envFile = `${app}.env`;
  await writeFile(envFile, `VERSION=${version}\nBEHAVIOUR=${behaviour}\n`);
  const layout = await mkdtemp(`${app}-image-`);
  const input = { directory: app, entrypoint: "entrypoint", envFile, platform: hostPlatform() };
  const image = await packImage(input, layout, "latest");
  const signal = new AbortController().signal;
  await pushImage(layout, image, parseReference(target), {
    env: {},
    settings: readConfig({}).config,
    onWarning: () => {},
    signal,
  });
  return image.digest;
}
