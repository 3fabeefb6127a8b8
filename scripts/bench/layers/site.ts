import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../../src/config/load.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import type * as pull from "../../../src/pull/pull.ts";
import type * as source from "../../../src/registry/open-source.ts";
import type * as store from "../../../src/store/index.ts";
import { downloadCommand } from "../../../src/cli/download-command.ts";
import { must, run } from "../../../test/container/support/command.ts";
import type { Made } from "./made.ts";

/** As the loader calls it. */
const FETCH = downloadCommand([process.execPath, join(import.meta.dirname, "../../../dist/bin/main.js")]);

/** The library as it is shipped. */
const LIBRARY = new URL("../../../dist/lib/src/", import.meta.url);

/** The first download as the loader does it: a process that downloads, verifies, unpacks, syncs and publishes. */
export const fetch = (reference: string, dataDir: string): Promise<string> =>
  must(FETCH[0], FETCH.slice(1), { env: target(reference, dataDir) });

interface Library {
  readonly pull: typeof pull;
  readonly source: typeof source;
  readonly store: typeof store;
}

async function library(): Promise<Library> {
  return {
    pull: (await import(new URL("pull/pull.js", LIBRARY).href)) as typeof pull,
    source: (await import(new URL("registry/open-source.js", LIBRARY).href)) as typeof source,
    store: (await import(new URL("store/index.js", LIBRARY).href)) as typeof store,
  };
}

const optionsFor = (reference: string, dataDir: string) => {
  const env = target(reference, dataDir);
  return { config: loadConfig(env), env, log: silentLogger, signal: new AbortController().signal };
};

/** What an app has done long before it finds an update: it has loaded the library, and has asked what the tag stands for. */
export async function lookBefore(reference: string, dataDir: string): Promise<void> {
  const { source } = await library();
  const options = optionsFor(reference, dataDir);
  const image = source.openSource(reference, options);
  await image.resolve(options);
  image.close();
}

/** The same in this process, by the library. */
export async function update(reference: string, dataDir: string): Promise<void> {
  const { pull, store } = await library();
  await pull.pullImage(store.openStore(dataDir), reference, optionsFor(reference, dataDir));
}

/** The most resident memory that the same takes, in MiB. */
export async function peakMb(reference: string, place: string): Promise<number> {
  const report = join(place, "peak");
  const args = ["-f", "%M", "-o", report, ...FETCH];
  await must("time", args, { env: target(reference, join(place, "data")) });
  return Number(await must("tail", ["-n", "1", report])) / 1024;
}

const target = (reference: string, dataDir: string) => ({
  DOCKERLOADER_TARGET: reference,
  DOCKERLOADER_DATA_DIR: dataDir,
  DOCKERLOADER_LOG_LEVEL: "error",
});

export async function skopeoUmoci(reference: string, directory: string): Promise<void> {
  const layout = join(directory, "layout");
  await must("skopeo", ["copy", "--quiet", "--src-tls-verify=false", `docker://${reference}`, `oci:${layout}:t`]);
  await must("umoci", ["raw", "unpack", "--image", `${layout}:t`, join(directory, "tree")]);
}

export async function podmanPull(reference: string, directory: string): Promise<void> {
  const storage = ["--root", join(directory, "root"), "--runroot", join(directory, "run")];
  await must("podman", [...storage, "pull", "--quiet", "--tls-verify=false", reference]);
}

/** What podman mounts would outlive the directory. */
export const podmanEnd = (directory: string): Promise<unknown> => run("umount", [join(directory, "root/overlay")]);

/** The best that a shell can do: it checks blobs only, and knows neither whiteouts nor limits. */
export async function shellPull({ reference, layers }: Made, directory: string): Promise<void> {
  const [host = "", rest = ""] = reference.split(/\/(.*)/s);
  const blobs = `http://${host}/v2/${rest.slice(0, rest.lastIndexOf(":"))}/blobs`;
  const tree = join(directory, "tree");
  mkdirSync(tree);
  const script = `set -eo pipefail; tree=$1; shift
    for blob; do curl -sf "$blob" | tee >(sha256sum >"$tree.sum") | igzip -dc | tar -xp -C "$tree"; done`;
  await must("bash", ["-c", script, "bash", tree, ...layers.map(({ digest }) => `${blobs}/${digest}`)]);
}

/** The layers that are on disk already, applied again. */
export async function reapply({ layers }: Made, directory: string): Promise<void> {
  const script = `set -eo pipefail; tree=$1; shift
    for blob; do igzip -dc "$blob" | tar -xp -C "$tree"; done`;
  await must("bash", ["-c", script, "bash", directory, ...layers.map(({ path }) => path)]);
}
