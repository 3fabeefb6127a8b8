import { spawn } from "node:child_process";
import { mkdtemp, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Ran, run } from "../../../container/support/command.ts";
import { collect, type Output } from "../../../container/support/output.ts";
import { commandFolder } from "../../../e2e/support/lab.ts";
import { treeOf } from "../../../support/tree.ts";

export type Env = Readonly<Record<string, string | undefined>>;

export interface Loader extends Output {
  /** Sends SIGUSR1, on which the app looks for an update. */
  readonly poke: () => void;
  readonly stop: () => Promise<Ran>;
}

/** What a pull ended with, and the tree it left. */
export interface Pulled extends Ran {
  readonly tree: readonly string[];
}

/** A folder with the built command, a data directory, and nobody's credentials but those that the test puts there. */
export interface Site {
  readonly folder: string;
  /** `dockerloader pull REFERENCE` into a new directory. */
  readonly pull: (reference: string, env?: Env) => Promise<Pulled>;
  readonly start: (target: string, env?: Env) => Loader;
  /** The tree of the version `entrypoint` points to. */
  readonly tree: () => Promise<readonly string[]>;
  readonly close: () => Promise<void>;
}

export interface SiteOptions {
  /** Variables of every call. */
  readonly env?: Env;
  /** A command to put in front of every call, e.g. one that gives it an /etc/hosts of its own. */
  readonly under?: readonly string[];
}

export async function openSite({ env: always = {}, under = [] }: SiteOptions = {}): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), "dockerloader-conformance-"));
  const bin = await commandFolder(folder);
  const dataDir = join(folder, "data");
  const loaders: Loader[] = [];
  const base = {
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    HOME: folder,
    DOCKER_CONFIG: folder,
    DOCKERLOADER_DATA_DIR: dataDir,
    DOCKERLOADER_LOG_FORMAT: "json",
    DOCKERLOADER_LOG_LEVEL: "debug",
    ...always,
  };
  const line = (...args: string[]): [string, string[]] => {
    const [program = "dockerloader", ...rest] = [...under, "dockerloader", ...args];
    return [program, rest];
  };
  let pulls = 0;

  return {
    folder,
    pull: async (reference, env = {}) => {
      pulls += 1;
      const directory = join(folder, `pulled${pulls}`);
      const ran = await run(...line("pull", reference, "--output", directory), { env: { ...base, ...env } });
      return { ...ran, tree: ran.code === 0 ? treeOf(directory) : [] };
    },
    start: (target, env = {}) => {
      const child = spawn(...line("run"), {
        env: { ...process.env, ...base, DOCKERLOADER_TARGET: target, ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const output = collect(child);
      const loader: Loader = {
        ...output,
        poke: () => void child.kill("SIGUSR1"),
        stop: () => {
          child.kill("SIGTERM");
          return output.ended;
        },
      };
      loaders.push(loader);
      return loader;
    },
    tree: async () => treeOf(dirname(await readlink(join(dataDir, "entrypoint")))),
    close: async () => {
      for (const loader of loaders) await loader.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
