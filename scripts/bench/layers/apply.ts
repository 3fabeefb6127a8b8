import { createReadStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import tarFs from "tar-fs";
import type * as unpack from "../../../src/unpack/index.ts";
import { Layout } from "../../../test/conformance/layers/support/layout.ts";
import { must } from "../../../test/container/support/command.ts";
import type { Contest } from "./contest.ts";
import { bigFiles, smallFiles } from "./images.ts";

/** The unpacker as it is shipped: from sources its worker would begin with taking types away. */
const BUILT = new URL("../../../dist/lib/src/unpack/index.js", import.meta.url).href;

/** One uncompressed layer, applied by all of them; ours checks the diff_id besides. */
async function contest(
  folder: string,
  name: string,
  layer: Buffer,
  about: Pick<Contest, "goals" | "bound">,
): Promise<Contest> {
  const { unpackImage } = (await import(BUILT)) as typeof unpack;
  const archive = join(folder, `${name}.tar`);
  writeFileSync(archive, layer);
  const layout = new Layout(join(folder, name));
  const layers = layout.add("t", [{ tar: layer, gzip: false }]);
  layout.finish();
  return {
    title: `apply ${name.replaceAll("-", " ")}`,
    contestants: [
      { name: "ours", run: async (root) => void (await unpackImage({ root, layers })) },
      { name: "GNU tar", run: async (root) => void (await must("tar", ["-xpf", archive, "-C", root])) },
      {
        name: "umoci",
        run: async (root) =>
          void (await must("umoci", ["raw", "unpack", "--image", `${layout.path}:t`, join(root, "t")])),
      },
      { name: "tar-fs", run: (root) => pipeline(createReadStream(archive), tarFs.extract(root)) },
    ],
    ...about,
  };
}

/** Applying alone: no download, no decompression. */
export function applyContests(folder: string, scale: number): Promise<Contest[]> {
  return Promise.all([
    contest(folder, "30,000-small-files", smallFiles(Math.round(30_000 * scale), 700, 7), {
      goals: [
        { against: "GNU tar", times: 1.2 },
        { against: "tar-fs", times: 0.15 },
      ],
      bound: "the kernel's work for each file and two threads' JavaScript around it, on both processors",
    }),
    contest(folder, "one-layer-of-200-MB", bigFiles(4, Math.round(50 * 2 ** 20 * scale), 8, 60), {
      goals: [],
      bound: "SHA-256 for the diff_id on the thread that writes",
    }),
  ]);
}
