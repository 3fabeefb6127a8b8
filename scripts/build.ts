/**
 * Builds both forms of the package:
 * - `dist/bin`: the command, bundled so that `run` loads neither yargs, got nor tar-fs;
 * - `dist/lib`: the library with its types, one file per source; the worker thread's is a bundle here as well.
 */
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { build, type BuildOptions, type Plugin } from "esbuild";
import { builtins } from "./build/builtins.ts";
import { lean } from "./build/lean.ts";

const root = join(import.meta.dirname, "..");
const at = (...parts: string[]): string => join(root, ...parts);
const rooted = (files: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(files).map(([name, path]) => [name, at(path)]));

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

/** What `main.js` loads on demand, by its source. The first ones are a file each: to load many takes longer than what is in them. */
const WHOLE = {
  run: "src/cli/run.ts",
  "pass-through": "src/cli/pass-through.ts",
  plain: "src/cli/plain.ts",
  "first-download": "src/cli/first-download.ts",
};
const SPLIT = { commands: "src/cli/commands.ts" };

/** Leaves these files out of the entry's own. */
const onDemand: Plugin = {
  name: "on-demand",
  setup(main) {
    main.onResolve({ filter: /^\.\/cli\/.*\.ts$/ }, ({ path, kind }) =>
      kind === "dynamic-import" ? { path: `./${basename(path, ".ts")}.js`, external: true } : undefined,
    );
  },
};

/** A worker thread starts with what it needs and nothing else: one file, in half the time of many. */
async function buildWorker(outfile: string): Promise<void> {
  await build({ ...BUNDLE, entryPoints: [at("src/unpack/worker.ts")], outfile: at(outfile), plugins: [builtins] });
}

async function buildCommand(): Promise<void> {
  const plugins = [lean, builtins];
  await build({ ...COMMAND, entryPoints: { main: at("src/main.ts") }, plugins: [onDemand, ...plugins] });
  await build({ ...COMMAND, entryPoints: rooted(WHOLE), plugins });
  await build({ ...COMMAND, entryPoints: rooted(SPLIT), chunkNames: "chunk-[hash]", splitting: true, plugins });
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
