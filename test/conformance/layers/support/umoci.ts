import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DockerloaderError } from "../../../../src/errors.ts";
import { unpackHere } from "../../../../src/unpack/index.ts";
import { tar } from "../../../fixtures/tar.ts";
import { KNOWN_DIFFERENCES } from "./differences.ts";
import { write } from "./entries.ts";
import type { Stack } from "./generate.ts";
import { Layout } from "./layout.ts";
import { ask } from "./tools.ts";
import { compare, treeOf } from "./trees.ts";

/** What came of one stack. */
export interface Outcome {
  readonly kind: "compared" | "both refuse" | "umoci alone refuses" | "failed";
  /** Names of the known differences that were met. */
  readonly known: readonly string[];
  /** What nothing explains. */
  readonly unexplained: readonly string[];
}

/** umoci 0.4.7 gives up where we replace a file by a directory (rule A5; umoci 0.5 replaces it too). */
const FILE_AS_PARENT = /not a directory\s*$/;
const REPLACED = /files replaced by a directory/;

/** Applies the same blobs by `umoci raw unpack` and by our unpacker and compares what came out. */
export async function againstUmoci(folder: string, name: string, stack: Stack): Promise<Outcome> {
  const layout = new Layout(join(folder, `${name}-layout`));
  const root = join(folder, `${name}-ours`);
  const theirs = join(folder, `${name}-theirs`);
  try {
    const layers = layout.add(
      "t",
      stack.map((entries, index) => ({ tar: tar(...entries.map(write)), gzip: index % 2 === 1 })),
    );
    layout.finish();
    mkdirSync(root);
    const asked = ask("umoci", ["raw", "unpack", "--image", `${layout.path}:t`, theirs]);
    const ours = await unpackHere({ root, layers }, undefined).catch((error: unknown) => {
      if (error instanceof DockerloaderError) return error;
      throw error;
    });
    const answer = await asked;
    const weRefuse = ours instanceof DockerloaderError;
    if (weRefuse && !answer.ok) return { kind: "both refuse", known: [], unexplained: [] };
    if (weRefuse) return { kind: "failed", known: [], unexplained: [`only we refuse: ${ours.message}`] };
    if (!answer.ok) {
      const expected = FILE_AS_PARENT.test(answer.said) && ours.warnings.some((line) => REPLACED.test(line));
      const unexplained = expected ? [] : [`only umoci refuses: ${answer.said.trim()}`];
      return { kind: expected ? "umoci alone refuses" : "failed", known: [], unexplained };
    }
    return judge(stack, root, theirs);
  } finally {
    for (const path of [layout.path, root, theirs]) rmSync(path, { recursive: true, force: true });
  }
}

function judge(stack: Stack, root: string, theirs: string): Outcome {
  const ourTree = treeOf(root);
  const theirTree = treeOf(theirs);
  const known: string[] = [];
  const unexplained: string[] = [];
  for (const difference of compare(ourTree, theirTree)) {
    const found = { ...difference, stack, ourTree, theirTree };
    const explained = KNOWN_DIFFERENCES.find(({ explains }) => explains(found));
    if (explained === undefined) unexplained.push(JSON.stringify(difference));
    else known.push(explained.name);
  }
  return { kind: "compared", known, unexplained };
}
