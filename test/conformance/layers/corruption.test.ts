import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { DockerloaderError } from "../../../src/errors.ts";
import { type LayerSource, unpackHere } from "../../../src/unpack/index.ts";
import { needs } from "../../support/preconditions.ts";
import { randomFrom } from "../../support/random.ts";
import { KNOWN_DIFFERENCES } from "./support/differences.ts";
import { LOWER, UPPERS } from "./support/corruption.ts";
import { Layout, type PlainLayer } from "./support/layout.ts";
import { ask, Scratch } from "./support/tools.ts";
import { compare, treeOf } from "./support/trees.ts";

const SEED = Number(process.env["LAYERS_SEED"] ?? 1);
const ARCHIVES = 1_000;
const AT_A_TIME = 2;
const SCRATCH_BYTES = 2 ** 27;

interface Damaged {
  readonly tag: string;
  readonly layers: readonly LayerSource[];
  readonly story: string;
}

/** An archive with one byte changed, in every third one after it was compressed. */
function damage(seed: number): { upper: PlainLayer; story: string } {
  const random = randomFrom(seed);
  const kind = random.pick(UPPERS);
  const gzip = random.once(3);
  const bytes = gzip ? gzipSync(kind.tar, { level: 1 }) : Buffer.from(kind.tar);
  const at = random.below(bytes.length);
  bytes[at] = ((bytes[at] ?? 0) + 1 + random.below(255)) % 256;
  const story = `seed ${seed}: byte ${at} of ${kind.name}${gzip ? ", compressed" : ""}`;
  // A layer that is not compressed is named by what it is: a wrong diff_id would hide the rest.
  return { upper: gzip ? { tar: kind.tar, gzip, stored: bytes } : { tar: bytes, gzip }, story };
}

/** Where two trees differ, but for what is known of any archive. */
function unexplained(ours: string, theirs: string): string[] {
  const [ourTree, theirTree] = [treeOf(ours), treeOf(theirs)];
  return compare(ourTree, theirTree)
    .filter((found) => !KNOWN_DIFFERENCES.some(({ explains }) => explains({ ...found, stack: [], ourTree, theirTree })))
    .map((found) => JSON.stringify(found));
}

describe("archives with one wrong byte", needs("comparisons with umoci", ["umoci"]), () => {
  it(`are refused, or make the tree that umoci makes: ${ARCHIVES} from seed ${SEED}`, async (test) => {
    using scratch = new Scratch(SCRATCH_BYTES);
    const layout = new Layout(join(scratch.path, "layout"));
    const all = Array.from({ length: ARCHIVES }, (_, index): Damaged => {
      const { upper, story } = damage(SEED * ARCHIVES + index);
      const tag = `t${index}`;
      return { tag, story, layers: layout.add(tag, [{ tar: LOWER, gzip: false }, upper]) };
    });
    layout.finish();
    const wrong: string[] = [];
    const count = { refused: 0, same: 0 };

    const judge = async ({ tag, layers, story }: Damaged): Promise<void> => {
      const root = join(scratch.path, tag);
      const theirs = join(scratch.path, `${tag}-theirs`);
      mkdirSync(root);
      try {
        await unpackHere({ root, layers }, undefined);
        const { ok, said } = await ask("umoci", ["raw", "unpack", "--image", `${layout.path}:${tag}`, theirs]);
        if (ok) wrong.push(...unexplained(root, theirs).map((difference) => `${story}: ${difference}`));
        else wrong.push(`${story}: only umoci refuses: ${said.trim()}`);
        count.same += 1;
      } catch (error) {
        if (!(error instanceof DockerloaderError)) throw error;
        count.refused += 1;
      } finally {
        for (const path of [root, theirs]) rmSync(path, { recursive: true, force: true });
      }
    };
    const worker = async (): Promise<void> => {
      for (let next = all.pop(); next !== undefined; next = all.pop()) await judge(next);
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    test.diagnostic(JSON.stringify(count));
    assert.deepEqual(wrong, []);
    assert.ok(Math.min(count.refused, count.same) > ARCHIVES / 10, JSON.stringify(count));
  });
});
