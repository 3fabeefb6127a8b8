import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { unpackHere } from "../../../../src/unpack/index.ts";
import { tar } from "../../../fixtures/tar.ts";
import { BUILDAH_DIFFERENCES } from "./buildah-differences.ts";
import { write } from "./entries.ts";
import type { Stack } from "./generate.ts";
import { Layout } from "./layout.ts";
import { ask } from "./tools.ts";
import { compare, treeOf } from "./trees.ts";

/** What came of one stack: names of known differences that were met, and what nothing explains. */
export interface BuildahOutcome {
  readonly known: readonly string[];
  readonly unexplained: readonly string[];
  /** buildah takes no layer that names a path twice, such as two whiteouts of one file. */
  readonly refused: boolean;
}

const REFUSAL = /duplicates of file paths not supported/;

/**
 * Storage of its own, in plain directories: nothing of this machine's images is touched, and no overlay is needed. Runs in the
 * place: buildah takes no path with capital letters.
 */
async function buildah(place: string, ...args: string[]): Promise<string> {
  const storage = ["--root", join(place, "root"), "--runroot", join(place, "run"), "--storage-driver", "vfs"];
  const answer = await ask("env", ["-C", place, "buildah", ...storage, ...args]);
  if (!answer.ok) throw new Error(`buildah ${args.join(" ")}: ${answer.said}`);
  return answer.output.trim();
}

/** Applies the same blobs by buildah and by our unpacker and compares the mounted container with our tree. */
export async function againstBuildah(folder: string, name: string, stack: Stack): Promise<BuildahOutcome> {
  const place = join(folder, name);
  const layout = new Layout(join(place, "layout"));
  const root = join(place, "ours");
  try {
    const layers = layout.add(
      "t",
      stack.map((entries, index) => ({ tar: tar(...entries.map(write)), gzip: index % 2 === 1 })),
    );
    layout.finish();
    mkdirSync(root);
    await unpackHere({ root, layers }, undefined);
    const container = await buildah(place, "from", "--quiet", "oci:layout:t").catch((error: unknown) => {
      if (error instanceof Error && REFUSAL.test(error.message)) return undefined;
      throw error;
    });
    if (container === undefined) return { known: [], unexplained: [], refused: true };
    const ours = treeOf(root);
    const theirs = treeOf(await buildah(place, "mount", container));
    const known = new Set<string>();
    const unexplained: string[] = [];
    for (const difference of compare(ours, theirs)) {
      const explained = BUILDAH_DIFFERENCES.find(({ explains }) => explains(difference, ours, theirs));
      if (explained === undefined) unexplained.push(JSON.stringify(difference));
      else known.add(explained.name);
    }
    return { known: [...known], unexplained, refused: false };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}
