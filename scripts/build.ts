/**
 * Builds both forms of the package:
 * - `dist/bin`: the command as a split bundle, so that `run` loads neither yargs, got nor tar-fs;
 * - `dist/lib`: the library with its types, one file per source; the worker thread's is a bundle here as well.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { builtins } from "./build/builtins.ts";
import { lean } from "./build/lean.ts";

const root = join(import.meta.dirname, "..");
const at = (...parts: string[]): string => join(root, ...parts);

const BUNDLE: BuildOptions = {
  bundle: true,
  format: "esm",
  platform: "node",
  target: "node22.18",
  minifySyntax: true,
  minifyWhitespace: true,
  logLevel: "warning",
};

const COMMAND: BuildOptions = {
  ...BUNDLE,
  outdir: at("dist/bin"),
  legalComments: "linked",
  // A tool for developers: loaded when it is there, never shipped.
  external: ["@statelyai/inspect"],
};

/** The loader's download is in a file of its own, `fetch.js`: to load many takes longer than what is in them. */
const FETCH_SOURCE = "cli/fetch-main.ts";
const fetchApart: Plugin = {
  name: "fetch-apart",
  setup(command) {
    command.onResolve({ filter: /\/fetch-main\.ts$/ }, () => ({ path: "./fetch.js", external: true }));
  },
};

/** A worker thread starts with what it needs and nothing else: one file, in half the time of many. */
async function buildWorker(outfile: string): Promise<void> {
  await build({ ...BUNDLE, entryPoints: [at("src/unpack/worker.ts")], outfile: at(outfile), plugins: [builtins] });
}

async function buildCommand(): Promise<void> {
  await build({
    ...COMMAND,
    entryPoints: { main: at("src/main.ts") },
    chunkNames: "chunk-[hash]",
    splitting: true,
    plugins: [fetchApart, lean, builtins],
  });
  await build({ ...COMMAND, entryPoints: { fetch: at("src", FETCH_SOURCE) }, plugins: [lean, builtins] });
  chmodSync(at("dist/bin/main.js"), 0o755);
  copyFileSync(at("src/inspect/page.html"), at("dist/bin/page.html"));
}

function buildLibrary(): void {
  const { status } = spawnSync("tsc", ["-p", at("tsconfig.build.json")], { stdio: "inherit" });
  if (status !== 0) throw new Error(`tsc ended with ${status ?? "a signal"}`);
}

rmSync(at("dist"), { recursive: true, force: true });
await buildCommand();
await buildWorker("dist/bin/unpack-worker.js");
buildLibrary();
await buildWorker("dist/lib/src/unpack/worker.js");
