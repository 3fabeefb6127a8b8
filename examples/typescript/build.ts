/**
 * Bundles the example into one folder, which becomes the root of its image: `node examples/typescript/build.ts [FOLDER]`.
 */
import { chmod, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = import.meta.dirname;
const root = process.argv[2] ?? join(here, "root");
const library = fileURLToPath(import.meta.resolve("dockerloader"));

await build({
  // The library unpacks images in a worker thread and looks for `unpack-worker.js` beside the bundle.
  entryPoints: { entrypoint: join(here, "app.ts"), "unpack-worker": join(library, "../unpack/worker.js") },
  outdir: root,
  alias: { dockerloader: library },
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node22.18",
  // CommonJS packages in the bundle call require() for Node's own modules.
  banner: {
    js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
  },
  logLevel: "warning",
});

// The loader starts a file of exactly this name; without an extension, package.json says that it is a module.
await rename(join(root, "entrypoint.js"), join(root, "entrypoint"));
await chmod(join(root, "entrypoint"), 0o755);
await writeFile(join(root, "package.json"), '{ "type": "module" }\n');
