import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink } from "node:fs/promises";
import { existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildImage, startRegistry } from "../../../src/testing/index.ts";
import { compile, type Example } from "../../container/support/app-image.ts";
import { run } from "../../container/support/command.ts";
import { collect } from "../../container/support/output.ts";
import type { Lab, RunningLoader, Site } from "../../support/lab.ts";

/** The built command. */
export const COMMAND = join(import.meta.dirname, "../../../dist/bin/main.js");

/** A folder with the names an app in a container finds on its PATH: `dockerloader`, `cli`, and this Node. */
export async function commandFolder(folder: string): Promise<string> {
  if (!existsSync(COMMAND)) throw new Error(`${COMMAND} is missing: run \`npm run build\` first`);
  const bin = join(folder, "bin");
  await mkdir(bin);
  await symlink(COMMAND, join(bin, "dockerloader"));
  await symlink(COMMAND, join(bin, "cli"));
  await symlink(process.execPath, join(bin, "node"));
  return bin;
}

/** The embedded registry and the built command as processes on this machine. */
export async function openLab(): Promise<Lab> {
  const folder = await mkdtemp(join(tmpdir(), "dockerloader-e2e-"));
  const bin = await commandFolder(folder);
  const registry = await startRegistry();
  const contexts = new Map<Example, Promise<string>>();
  const stops: (() => Promise<unknown>)[] = [];
  let sites = 0;

  const compileOnce = (example: Example): Promise<string> => {
    const known = contexts.get(example) ?? compile(example);
    contexts.set(example, known);
    return known;
  };

  const site = async ({ example }: { example: Example }): Promise<Site> => {
    const context = await compileOnce(example);
    sites += 1;
    const repository = `app${sites}`;
    const dataDir = join(folder, `data${sites}`);
    const base = {
      PATH: `${bin}:${process.env["PATH"] ?? ""}`,
      DOCKERLOADER_DATA_DIR: dataDir,
      DOCKERLOADER_TARGET: registry.reference(repository, "testing"),
      DOCKERLOADER_LOG_FORMAT: "json",
    };

    const start: Site["start"] = ({ env = {} } = {}) => {
      const child = spawn("dockerloader", [], {
        env: { ...process.env, ...base, ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const output = collect(child);
      const call = (program: string, args: string[]) => run(program, args, { env: { ...base, ...env } });
      const loader: RunningLoader = {
        ...output,
        identity: async () => String(child.pid),
        cli: (...args) => call("cli", args),
        command: (...args) => call("dockerloader", args),
        stop: async () => {
          if (child.exitCode === null && child.signalCode === null) {
            child.kill("SIGTERM");
            await once(child, "exit");
          }
          return output.ended;
        },
      };
      stops.push(loader.stop);
      return loader;
    };

    return {
      dataDir,
      start,
      run: (options) => start(options).ended,
      push: async (settings) => {
        const env = Object.entries(settings).map(([key, value]) => `${key}=${value}\n`);
        const layer =
          example === "typescript"
            ? { directory: join(context, "root") }
            : { files: { entrypoint: await readFile(join(context, "entrypoint")) } };
        const image = await buildImage({ layers: [layer, { files: { ".env": env.join("") } }] });
        return registry.push(repository, "testing", image);
      },
      stable: async () => /sha256:[a-f0-9]{64}/.exec(await readlink(join(dataDir, "entrypoint")))?.[0],
      names: (path) => readdir(join(dataDir, path)),
    };
  };

  const close = async (): Promise<void> => {
    for (const stop of stops) await stop();
    await registry.stop();
    for (const context of contexts.values()) await rm(await context, { recursive: true, force: true });
    await rm(folder, { recursive: true, force: true });
  };
  return { site, close };
}
