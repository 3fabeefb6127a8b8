import { spawn } from "node:child_process";
import { existsSync, mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Layout, layoutOf } from "../../../src/layout.ts";
import { startRegistry } from "../../../src/testing/index.ts";
import { must, type Ran } from "../../container/support/command.ts";
import { commandFolder } from "../../e2e/support/lab.ts";
import { buildShim, type Plan, type Shim } from "./shim.ts";
import { pushVersions, type Version, type Versions } from "./versions.ts";

/** Longer than any act takes on a busy machine; a command that needs more hangs. Milliseconds. */
const HANGS_AFTER_MS = 60_000;
/** Nobody listens there. */
const DEAD_REGISTRY = "127.0.0.1:1";
/** Memory where there is some: process faults do not depend on the disk, and syncing costs nothing there. */
const FAST = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** One start of the built command. */
export interface Act {
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** The tag to follow. Absent: a target whose registry is down. */
  readonly target?: Version;
}

export interface Ended extends Ran {
  readonly signal: NodeJS.Signals | null;
  readonly hung: boolean;
}

/** A place of its own for one sweep: registry, versions, shim, one data directory and copies of it. */
export interface Site {
  readonly folder: string;
  readonly layout: Layout;
  readonly versions: Versions;
  readonly shim: Shim;
  /** What every start of the command gets. */
  readonly env: Readonly<Record<string, string>>;
  /** Starts the built command and waits until it and everything it started has ended. */
  readonly act: (act: Act, plan?: Plan) => Promise<Ended>;
  readonly save: (name: string) => Promise<void>;
  /** Makes the data directory as it was saved; without a name, or saved before it existed: takes it away. */
  readonly restore: (name: string | undefined) => Promise<void>;
  readonly close: () => Promise<void>;
}

/** `dataDir`: where, when it is not to be in a new folder in memory. `ballast`: bytes that each version is larger. */
export async function openSite(dataDir?: string, ballast = 0): Promise<Site> {
  const folder = mkdtempSync(join(FAST, "dockerloader-crash-"));
  const bin = await commandFolder(folder);
  const shim = buildShim(folder);
  const registry = await startRegistry();
  const versions = await pushVersions(registry, ballast);
  const layout = layoutOf(dataDir ?? join(folder, "data"));
  const base = {
    PATH: `${bin}:${process.env["PATH"] ?? ""}`,
    DOCKERLOADER_DATA_DIR: layout.dataDir,
    DOCKERLOADER_LOG_FORMAT: "json",
    DOCKERLOADER_LOG_LEVEL: "info",
    DOCKERLOADER_TRIAL_TIMEOUT_MS: "20000",
    DOCKER_CONFIG: folder,
    NODE_COMPILE_CACHE: process.env["NODE_COMPILE_CACHE"] ?? join(folder, "compiled"),
  };
  const saved = (name: string): string => join(folder, "saved", name);
  const empty = (path: string): Promise<void> => rm(path, { recursive: true, force: true });

  return {
    folder,
    layout,
    versions,
    shim,
    env: base,
    act: (act, plan) => {
      const tag = `app:${act.target ?? 1}`;
      const target = act.target === undefined ? `${DEAD_REGISTRY}/${tag}` : `${registry.host}/${tag}`;
      const counted = plan === undefined ? {} : shim.env(layout.dataDir, plan);
      return runToEnd(act.args ?? [], { ...base, DOCKERLOADER_TARGET: target, ...act.env, ...counted });
    },
    save: async (name) => {
      await must("mkdir", ["-p", saved("")]);
      await empty(saved(name));
      if (existsSync(layout.dataDir)) await must("cp", ["-a", layout.dataDir, saved(name)]);
    },
    restore: async (name) => {
      await empty(layout.dataDir);
      if (name !== undefined && existsSync(saved(name))) await must("cp", ["-a", saved(name), layout.dataDir]);
    },
    close: async () => {
      await registry.stop();
      await empty(folder);
    },
  };
}

/** Resolves when the process and everybody who holds its output has ended. */
function runToEnd(args: readonly string[], env: Readonly<Record<string, string>>): Promise<Ended> {
  const { promise, resolve, reject } = Promise.withResolvers<Ended>();
  const child = spawn("dockerloader", [...args], { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let out = "";
  let err = "";
  let hung = false;
  const timer = setTimeout(() => {
    hung = true;
    child.kill("SIGKILL");
  }, HANGS_AFTER_MS);
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  child.once("error", reject);
  child.once("close", (code, signal) => {
    clearTimeout(timer);
    resolve({ code, signal, out, err, hung });
  });
  return promise;
}
