/** A version on disk, a registry it came from, and apps that run the library in processes of their own. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readConfig } from "../../../src/config/load.ts";
import type { LoaderEvent } from "../../../src/log/events.ts";
import { type Logger, silentLogger } from "../../../src/log/logger.ts";
import { pullImage } from "../../../src/pull/pull.ts";
import { openStore, type Store } from "../../../src/store/index.ts";
import {
  buildImage,
  type Digest,
  type LayerInput,
  startRegistry,
  type TestRegistry,
} from "../../../src/testing/index.ts";
import { collect, type Output } from "../../container/support/output.ts";

const LIBRARY = pathToFileURL(join(import.meta.dirname, "../../../src/index.ts")).href;
const RUN_ID = "00000000-0000-4000-8000-000000000000";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface AppLab {
  readonly registry: TestRegistry;
  readonly store: Store;
  readonly folder: string;
  readonly target: string;
  /** Pushes an image to the target's tag; its digest. */
  readonly push: (files: Extract<LayerInput, { files: unknown }>["files"]) => Promise<Digest>;
  /** Pushes a version and makes it the one that `entrypoint` shows. */
  readonly install: (files?: Parameters<AppLab["push"]>[0]) => Promise<Digest>;
  /** Pushes a version and puts it on trial, as the loader does, after the stable one. */
  readonly putOnTrial: (files?: Parameters<AppLab["push"]>[0]) => Promise<Digest>;
  /** What a loader gives an app that runs this version. */
  readonly env: (digest: Digest, more?: Environment) => Environment;
  /** Runs a module in a process of its own; `app` is the library there. */
  readonly run: (code: string, env: Environment) => Output & { readonly process: ChildProcess };
  readonly close: () => Promise<void>;
}

export async function openAppLab(): Promise<AppLab> {
  const folder = await mkdtemp(join(tmpdir(), "dockerloader-app-"));
  const registry = await startRegistry();
  const dataDir = join(folder, "data");
  const store = openStore(dataDir);
  const target = registry.reference("app", "stable");
  const processes: { readonly process: ChildProcess; readonly ended: Promise<unknown> }[] = [];
  const base: Environment = {
    DOCKERLOADER_DATA_DIR: dataDir,
    DOCKERLOADER_TARGET: target,
    DOCKER_CONFIG: folder,
  };
  const push: AppLab["push"] = async (files) =>
    registry.push("app", "stable", await buildImage({ layers: [{ files: { entrypoint: "#!/bin/sh\n", ...files } }] }));
  const pull = (digest: Digest): Promise<Digest> =>
    pullImage(store, `${registry.host}/app@${digest}`, {
      config: readConfig(base).config,
      env: base,
      log: silentLogger,
      signal: new AbortController().signal,
    });

  return {
    registry,
    store,
    folder,
    target,
    push,
    install: async (files = {}) => {
      const digest = await pull(await push(files));
      store.links.point("entrypoint", digest);
      return digest;
    },
    putOnTrial: async (files = { version: "on trial" }) => {
      const digest = await pull(await push(files));
      const previous = store.links.digest("entrypoint") ?? null;
      if (previous !== null) await store.trees.retain(previous);
      store.records.setMarker(digest);
      store.records.setTrial({ digest, starts: 1, previous });
      store.links.point("attempting", digest);
      return digest;
    },
    env: (digest, more = {}) => ({ ...base, DOCKERLOADER_DIGEST: digest, DOCKERLOADER_RUN_ID: RUN_ID, ...more }),
    run: (code, env) => {
      const module = `import * as app from ${JSON.stringify(LIBRARY)};\n${code}`;
      const child = spawn(process.execPath, ["--input-type=module", "--eval", module], {
        cwd: folder,
        env: { PATH: process.env["PATH"], ...env },
        stdio: ["ignore", "pipe", "pipe"],
      });
      const started = { ...collect(child), process: child };
      processes.push(started);
      return started;
    },
    close: async () => {
      for (const { process: child, ended } of processes) {
        child.kill("SIGKILL");
        await ended;
      }
      await registry.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A logger that keeps what it is told, and tells who waits for a kind of event. */
export function recordEvents(): Logger & {
  readonly events: readonly LoaderEvent[];
  readonly types: () => string[];
  readonly until: (type: LoaderEvent["type"]) => Promise<void>;
} {
  const events: LoaderEvent[] = [];
  const waiting = new Set<() => void>();
  return {
    events,
    types: () => events.map(({ type }) => type),
    emit: (event) => {
      events.push(event);
      for (const look of waiting) look();
    },
    until: (type) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!events.some((event) => event.type === type)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}
