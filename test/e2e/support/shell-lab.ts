import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type BuiltImage,
  buildImage,
  type RegistryOptions,
  startRegistry,
  type TestRegistry,
} from "../../../src/testing/index.ts";
import { type Ran, run } from "../../container/support/command.ts";
import { collect, type Output } from "../../container/support/output.ts";
import { commandFolder } from "./lab.ts";

export interface Loader extends Output {
  readonly process: ChildProcess;
  readonly kill: (signal: NodeJS.Signals) => Promise<Ran>;
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly args?: readonly string[];
}

/** An app of one shell script, a registry, and the built command as processes. */
export interface ShellLab {
  readonly registry: TestRegistry;
  readonly folder: string;
  readonly dataDir: string;
  readonly target: string;
  /** What the command finds in its environment besides ours. */
  readonly environment: Readonly<Record<string, string>>;
  /** An image whose /entrypoint is this script, with more files if need be. */
  readonly build: (script: string, files?: Readonly<Record<string, string>>) => Promise<BuiltImage>;
  /** Builds and pushes to the target's tag; the digest. */
  readonly push: (script: string, files?: Readonly<Record<string, string>>) => Promise<string>;
  readonly start: (options?: StartOptions) => Loader;
  /** Starts the loader and waits for its end. */
  readonly run: (options?: StartOptions) => Promise<Ran>;
  /** Calls `dockerloader ARGS`. */
  readonly command: (args: readonly string[], env?: Readonly<Record<string, string | undefined>>) => Promise<Ran>;
  readonly stable: () => Promise<string | undefined>;
  readonly names: (path: string) => Promise<string[]>;
  readonly close: () => Promise<void>;
}

export async function openShellLab(options: RegistryOptions = {}): Promise<ShellLab> {
  const folder = await mkdtemp(join(tmpdir(), "dockerloader-e2e-"));
  const bin = await commandFolder(folder);
  const registry = await startRegistry(options);
  const dataDir = join(folder, "data");
  const target = registry.reference("app", "stable");
  const loaders: Loader[] = [];
  const base = {
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    DOCKERLOADER_DATA_DIR: dataDir,
    DOCKERLOADER_TARGET: target,
    DOCKERLOADER_LOG_FORMAT: "json",
    DOCKER_CONFIG: folder,
  };

  const start: ShellLab["start"] = ({ env = {}, args = [] } = {}) => {
    const child = spawn("dockerloader", [...args], {
      env: { ...process.env, ...base, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const output = collect(child);
    const kill = async (signal: NodeJS.Signals): Promise<Ran> => {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill(signal);
        await once(child, "exit");
      }
      return output.ended;
    };
    const loader: Loader = { ...output, process: child, kill };
    loaders.push(loader);
    return loader;
  };
  const build: ShellLab["build"] = (script, files = {}) =>
    buildImage({ layers: [{ files: { entrypoint: `#!/bin/sh\n${script}\n`, ...files } }] });

  return {
    registry,
    folder,
    dataDir,
    target,
    environment: base,
    build,
    start,
    push: async (script, files) => registry.push("app", "stable", await build(script, files)),
    run: (how) => start(how).ended,
    command: (args, env = {}) => run("dockerloader", args, { env: { ...base, ...env } }),
    stable: async () => /sha256:[a-f0-9]{64}/.exec(await readlink(join(dataDir, "entrypoint")))?.[0],
    names: (path) => readdir(join(dataDir, path)),
    close: async () => {
      for (const loader of loaders) await loader.kill("SIGTERM");
      await registry.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
