/**
 * Model and reality: every transition of the update machine's model, led up to in the world by the shortest way and
 * compared after each step.
 *
 * 195 transitions (by state and event, for one round and for a loop; events that move nothing left out) make 142 paths.
 * Real are the adapters, the data directory, its lock, and the registry with its sockets; not real is time. A port
 * begins its work at its step (test/support/replay/gates.ts); it fails because the registry or the disk does. A STOP
 * meets a check or a download that waits for a registry gone silent; extract and staging are met before they begin:
 * nothing in the world can hold them in the middle.
 */
import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { startRegistry, type TestRegistry } from "../../../src/testing/index.ts";
import { roomyFolder } from "../../support/replay/roomy.ts";
import { allPaths, type Path } from "./replay/paths.ts";
import { play } from "./replay/play.ts";
import { buildImages, createWorld, type Images } from "./replay/world.ts";

const WORKERS = 8;
const SHOWN_FAILURES = 5;
/** For a machine that does a lot else; alone on two cores all of it takes ten seconds. */
const TIMEOUT_MS = 600_000;

describe("the update machine and the real adapters agree on the shortest path to every transition", () => {
  const { transitions, paths } = allPaths();
  let root: string;
  let registry: TestRegistry;
  let images: Images;
  before(async () => {
    root = roomyFolder("update-replay");
    registry = await startRegistry();
    images = await buildImages();
  });
  after(async () => {
    await registry.stop();
    rmSync(root, { recursive: true, force: true });
  });

  async function replay(path: Path, index: number): Promise<string | undefined> {
    const folder = join(root, String(index));
    mkdirSync(folder);
    try {
      await play(path, createWorld(folder, registry, `app${index}`, images), images);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  for (const [{ once }, ours] of Map.groupBy(paths.entries(), ([, path]) => path.options)) {
    it(once ? "in one round" : "in a loop", { timeout: TIMEOUT_MS }, async (t) => {
      const queue = [...ours];
      const failures: string[] = [];
      const worker = async (): Promise<void> => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          const failure = await replay(next[1], next[0]);
          if (failure !== undefined) failures.push(failure);
        }
      };
      await Promise.all(Array.from({ length: WORKERS }, worker));
      t.diagnostic(`${ours.length} paths, ${ours.reduce((sum, [, { edges }]) => sum + edges.length, 0)} steps`);
      assert.equal(failures.length, 0, failures.slice(0, SHOWN_FAILURES).join("\n\n"));
    });
  }

  it("and nothing is left out", () => {
    assert.deepEqual([transitions, paths.length], [195, 142]);
  });
});
