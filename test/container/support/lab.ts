import { chmod, mkdtemp, readdir, readlink, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compile, type Example, push, scriptContext, type Settings } from "./app-image.ts";
import type { Ran } from "./command.ts";
import { type Container, type ContainerOptions, startContainer } from "./container.ts";
import { type Engine, openEngine } from "./engine.ts";
import { buildLoaderImage } from "./loader-image.ts";
import { startRegistry } from "../../support/docker-registry.ts";

/** One app with a repository in the registry and a volume of its own. */
export interface Site {
  readonly target: string;
  /** The directory that is mounted at /data. */
  readonly data: string;
  /** Pushes a version to the target's tag; its digest. */
  readonly push: (settings: Settings) => Promise<string>;
  readonly start: (options?: Partial<ContainerOptions>) => Container;
  /** Starts a container and waits for its end. */
  readonly run: (options?: Partial<ContainerOptions>) => Promise<Ran>;
  /** The digest of the version `entrypoint` points to. */
  readonly stable: () => Promise<string | undefined>;
  /** The names in a directory below /data/dockerloader. */
  readonly names: (path: string) => Promise<string[]>;
}

/** The loader's image, a registry, and everything that has to be cleared away afterwards. */
export interface Lab {
  readonly engine: Engine;
  readonly image: string;
  readonly site: (app: { readonly example: Example } | { readonly script: string }) => Promise<Site>;
  readonly close: () => Promise<void>;
}

export async function openLab(): Promise<Lab> {
  const engine = await openEngine();
  const image = await buildLoaderImage(engine);
  const registry = await startRegistry();
  const leftovers: (() => Promise<void>)[] = [registry.stop];
  const contexts = new Map<string, Promise<string>>();
  const removeLater = (path: string): string => {
    leftovers.push(() => rm(path, { recursive: true, force: true }));
    return path;
  };
  const compileOnce = (example: Example): Promise<string> => {
    const known = contexts.get(example) ?? compile(example).then(removeLater);
    contexts.set(example, known);
    return known;
  };
  let sites = 0;

  const site: Lab["site"] = async (app) => {
    const context = "example" in app ? await compileOnce(app.example) : removeLater(await scriptContext(app.script));
    const data = removeLater(await mkdtemp(join(tmpdir(), "dockerloader-data-")));
    await chmod(data, 0o755);
    sites += 1;
    const target = `${registry.host}/app${sites}:testing`;
    const start: Site["start"] = (options = {}) => {
      const env = { DOCKERLOADER_TARGET: target, ...options.env };
      const container = startContainer(engine, { image, data, ...options, env });
      leftovers.push(container.remove);
      return container;
    };
    return {
      target,
      data,
      start,
      run: (options) => start(options).ended,
      push: (settings) => push(engine, context, target, settings),
      stable: async () => /sha256:[a-f0-9]{64}/.exec(await readlink(join(data, "dockerloader/entrypoint")))?.[0],
      names: (path) => readdir(join(data, "dockerloader", path)),
    };
  };
  const close = async (): Promise<void> => {
    for (const clear of leftovers.toReversed()) await clear();
  };
  return { engine, image, site, close };
}
