import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { loadConfig } from "../../../src/config/load.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import type * as pull from "../../../src/pull/pull.ts";
import type * as store from "../../../src/store/index.ts";
import { downloadCommand } from "../../../src/cli/download-command.ts";
import type { LayerSource } from "../../../src/unpack/index.ts";
import { Layout } from "../../../test/conformance/layers/support/layout.ts";
import { must } from "../../../test/container/support/command.ts";
import type { BenchImage } from "./images.ts";

/** As the loader calls it. */
const FETCH = downloadCommand([process.execPath, join(import.meta.dirname, "../../../dist/bin/main.js")]);

/** The library as it is shipped. */
const LIBRARY = new URL("../../../dist/lib/src/", import.meta.url);

/** An image in the registry, and how its blobs are named there. */
export interface Pushed {
  readonly name: string;
  readonly reference: string;
  readonly layers: readonly LayerSource[];
}

/** Pushes an image with gzip layers; the blobs stay in a layout below the folder as well. */
export async function push(folder: string, host: string, repository: string, image: BenchImage): Promise<Pushed> {
  const layout = new Layout(join(folder, repository));
  const layers = layout.add(
    "t",
    image.layers.map((tar) => ({ tar, gzip: true })),
  );
  layout.finish();
  const reference = `${host}/${repository}:t`;
  await must("skopeo", ["copy", "--quiet", "--dest-tls-verify=false", `oci:${layout.path}:t`, `docker://${reference}`]);
  return { name: image.name, reference, layers };
}

/** The first download as the loader does it: a process that downloads, verifies, unpacks, syncs and publishes. */
export const fetch = (reference: string, dataDir: string): Promise<string> =>
  must(FETCH[0], FETCH.slice(1), { env: target(reference, dataDir) });

/** The same in this process, by the library. */
export async function update(reference: string, dataDir: string): Promise<void> {
  const { pullImage } = (await import(new URL("pull/pull.js", LIBRARY).href)) as typeof pull;
  const { openStore } = (await import(new URL("store/index.js", LIBRARY).href)) as typeof store;
  const env = target(reference, dataDir);
  const options = { config: loadConfig(env), env, log: silentLogger, signal: new AbortController().signal };
  await pullImage(openStore(dataDir), reference, options);
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
  try {
    await must("podman", [...storage, "pull", "--quiet", "--tls-verify=false", reference]);
  } finally {
    // What it mounts would outlive the directory.
    await must("sh", ["-c", `umount "$1"/root/overlay 2>/dev/null || true`, "sh", directory]);
  }
}

/** The best that a shell can do: it checks blobs only, and knows neither whiteouts nor limits. */
export async function shellPull({ reference, layers }: Pushed, directory: string): Promise<void> {
  const [host = "", rest = ""] = reference.split(/\/(.*)/s);
  const repository = rest.slice(0, rest.lastIndexOf(":"));
  const tree = join(directory, "tree");
  mkdirSync(tree);
  const script = `set -o pipefail; curl -sf "$1" | tee >(sha256sum >"$2.sum") | igzip -dc | tar -xp -C "$2"`;
  for (const { digest } of layers) {
    await must("bash", ["-c", script, "bash", `http://${host}/v2/${repository}/blobs/${digest}`, tree]);
  }
}

/** The layers that are on disk already, applied again. */
export async function reapply({ layers }: Pushed, directory: string): Promise<void> {
  for (const { path } of layers) {
    await must("bash", ["-c", `set -o pipefail; igzip -dc "$1" | tar -xp -C "$2"`, "bash", path, directory]);
  }
}
