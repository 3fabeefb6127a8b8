/**
 * Builds both forms of the package:
 * - `dist/bin`: the command as a split bundle, so that `run` loads neither yargs, got nor tar-fs;
 * - `dist/lib`: the library with its types, one file per source.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { lean } from "./build/lean.ts";

const root = join(import.meta.dirname, "..");
const at = (...parts: string[]): string => join(root, ...parts);

async function buildCommand(): Promise<void> {
  await build({
    entryPoints: { main: at("src/main.ts"), "unpack-worker": at("src/unpack/worker.ts") },
    outdir: at("dist/bin"),
    chunkNames: "chunk-[hash]",
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node22.18",
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "linked",
    // A tool for developers: loaded when it is there, never shipped.
    external: ["@statelyai/inspect"],
    // CommonJS packages in the bundle call require() for Node's own modules.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    plugins: [lean],
    logLevel: "warning",
  });
  chmodSync(at("dist/bin/main.js"), 0o755);
  copyFileSync(at("src/inspect/page.html"), at("dist/bin/page.html"));
}

function buildLibrary(): void {
  const { status } = spawnSync("tsc", ["-p", at("tsconfig.build.json")], { stdio: "inherit" });
  if (status !== 0) throw new Error(`tsc ended with ${status ?? "a signal"}`);
}

rmSync(at("dist"), { recursive: true, force: true });
await buildCommand();
buildLibrary();
