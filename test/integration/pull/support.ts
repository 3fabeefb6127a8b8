import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../../src/config/load.ts";
import type { Config } from "../../../src/config/table.ts";
import { pullImage } from "../../../src/pull/pull.ts";
import { openStore, type Store } from "../../../src/store/index.ts";
import {
  buildImage,
  type Digest,
  type LayerInput,
  startRegistry,
  type TestRegistry,
} from "../../../src/testing/index.ts";
import { recordEvents } from "../app/support.ts";

export interface PullLab extends AsyncDisposable {
  readonly registry: TestRegistry;
  readonly store: Store;
  readonly log: ReturnType<typeof recordEvents>;
  /** Pushes an image of these layers under the tag `t`. */
  readonly push: (...layers: readonly LayerInput[]) => Promise<Digest>;
  /** Pulls the tag `t` into the store. */
  readonly pull: (options?: { signal?: AbortSignal; config?: Partial<Config> }) => Promise<Digest>;
  /** The digests of the blobs that were asked for since the last call. */
  readonly blobsAsked: () => string[];
}

/** `dataDir`: default a new one, which goes in the end. */
export async function openPullLab(dataDir?: string): Promise<PullLab> {
  const folder = mkdtempSync(join(tmpdir(), "dockerloader-pull-"));
  const registry = await startRegistry();
  const store = openStore(dataDir ?? join(folder, "data"));
  const env = { DOCKERLOADER_DATA_DIR: store.layout.dataDir, DOCKER_CONFIG: folder };
  const log = recordEvents();
  const target = registry.reference("app", "t");
  let seen = 0;
  return {
    registry,
    store,
    log,
    push: async (...layers) => registry.push("app", "t", await buildImage({ layers })),
    pull: ({ signal = new AbortController().signal, config = {} } = {}) =>
      pullImage(store, target, { config: { ...readConfig(env).config, ...config }, env, log, signal }),
    blobsAsked: () => {
      const fresh = registry.requests.slice(seen).filter(({ method }) => method === "GET");
      seen = registry.requests.length;
      return fresh.map(({ path }) => /\/blobs\/(.*)$/.exec(path)?.[1] ?? "").filter((digest) => digest !== "");
    },
    [Symbol.asyncDispose]: async () => {
      await registry.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
