import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Digest } from "../../../../machines/index.ts";
import type { Environment } from "../../../../src/config/load.ts";
import { openStore, type Store } from "../../../../src/store/index.ts";
import { type BuiltImage, buildImage, type TestRegistry } from "../../../../src/testing/index.ts";
import { type Port, releaseNamed } from "../../../model/update-model.ts";

/** The images of all worlds: what runs, one that has failed before, and the two newer ones of the model. */
export interface Images {
  readonly running: BuiltImage;
  readonly failed: BuiltImage;
  readonly c: BuiltImage;
  readonly d: BuiltImage;
}

export async function buildImages(): Promise<Images> {
  const image = (name: string): Promise<BuiltImage> =>
    buildImage({ layers: [{ files: { entrypoint: "#!/bin/sh\n", name } }] });
  return { running: await image("running"), failed: await image("failed"), c: await image("c"), d: await image("d") };
}

/** One app with a data directory and a repository of its own. */
export interface World {
  readonly store: Store;
  readonly env: Environment;
  /** What the target's tag names from now on. */
  readonly publish: (image: BuiltImage) => Promise<void>;
  /** Makes the port fail the next time it does its work on this release; returns the way to mend the world. */
  readonly disturb: (port: Port, release: Digest) => () => void;
  /** The registry goes silent, until `resume`; `begun` says whether it has been asked since. */
  readonly silence: () => { readonly begun: () => boolean; readonly resume: () => void };
  /** The digest by which the model knows this one. */
  readonly inModel: (digest: Digest) => Digest;
}

export function createWorld(folder: string, registry: TestRegistry, repository: string, images: Images): World {
  const dataDir = join(folder, "data");
  const store = openStore(dataDir);
  const { layout, links, records, trees } = store;
  const running = images.running.digest;
  mkdirSync(trees.path(running));
  writeFileSync(layout.executable(running), "#!/bin/sh\n", { mode: 0o755 });
  links.point("entrypoint", running);
  records.addFailure({ digest: images.failed.digest, reason: { kind: "unrecorded" }, at: new Date(0).toISOString() });

  const names = new Map<Digest, Digest>([
    [running, releaseNamed("a").digest],
    [images.failed.digest, releaseNamed("a").digest],
    [images.c.digest, releaseNamed("c").digest],
    [images.d.digest, releaseNamed("d").digest],
  ]);
  const ours = (path: string): boolean => path.startsWith(`/v2/${repository}/`);
  const hide = (path: string, put: (path: string) => void): (() => void) => {
    const away = `${path}-away`;
    if (existsSync(path)) renameSync(path, away);
    put(path);
    return () => {
      rmSync(path, { recursive: true, force: true });
      if (existsSync(away)) renameSync(away, path);
    };
  };

  return {
    store,
    env: {
      DOCKERLOADER_DATA_DIR: dataDir,
      DOCKERLOADER_TARGET: registry.reference(repository, "stable"),
      DOCKERLOADER_DIGEST: running,
      DOCKER_CONFIG: folder,
    },
    publish: async (image) => void (await registry.push(repository, "stable", image)),
    disturb: (port, release) => {
      if (port === "check" || port === "download") {
        return registry.fault(({ path }) => (ours(path) ? { kind: "status", status: 404 } : undefined));
      }
      if (port === "stageAttempt")
        return hide(layout.marker, (path) => mkdirSync(join(path, "full"), { recursive: true }));
      // A tree that is there already would be kept as it is.
      rmSync(trees.path(release), { recursive: true, force: true });
      // Where receipts belong nothing can be written: no tree is published without one.
      return hide(layout.receipts, (path) => writeFileSync(path, ""));
    },
    silence: () => {
      const before = registry.requests.length;
      const resume = registry.fault(({ path }) => (ours(path) ? { kind: "silence" } : undefined));
      return { begun: () => registry.requests.slice(before).some(({ path }) => ours(path)), resume };
    },
    inModel: (digest) => names.get(digest) ?? digest,
  };
}
