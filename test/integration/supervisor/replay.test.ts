/**
 * Model and reality: every state of the supervisor machine's model, reached in the world by the shortest way and compared
 * after each step.
 *
 * A state is what `keyOf` tells apart (value, flags, plan, last exit, reason, fault, restarts): 2077 under the four
 * combinations of options. The shortest ways to them make 611 paths; one that is the beginning of another, or tells the
 * same story under other options, is replayed with that one. Real are `supervise()` and its adapters, the data directory
 * with its trees, links, records and locks, the app and its signals, and the first download. Not real is time: the
 * machine's timers fire when the path says so (test/support/replay/clock.ts), and a port begins its work at its step, as on a slow
 * volume (test/support/replay/gates.ts). Ports fail because the disk or the registry does, never because they are replaced.
 *
 * Two states are left out: a program that could not be started after it has committed or outlived a probation
 * (./replay/actable.ts says which steps no world can do). Most first downloads are done by a small program; those that
 * come early on a path by `dockerloader fetch` and the embedded registry.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type BuiltImage, buildImage, startRegistry, type TestRegistry } from "../../../src/testing/index.ts";
import { nameOf } from "../../model/supervisor-steps.ts";
import { roomyFolder } from "../../support/replay/roomy.ts";
import { OBEDIENT_APP } from "./replay/app.ts";
import { quickDownload, realDownload } from "./replay/download.ts";
import { allPaths, downloadsEarly, type Path } from "./replay/paths.ts";
import { play, type Played } from "./replay/play.ts";

/** Paths replayed at the same time, each in a data directory of its own. */
const WORKERS = 8;
const SHOWN_FAILURES = 5;
/** For a machine that does a lot else; alone on two cores all of it takes half a minute. */
const TIMEOUT_MS = 600_000;

/** The options of a path and its first launch, in words. */
const beginningOf = ({ options: { onTrialFailure, probationMs }, steps }: Path): string =>
  `with ${onTrialFailure} and ${probationMs} ms of probation, from ${steps
    .slice(0, 2)
    .map(({ step }) => nameOf(step))
    .join(", ")}`;

describe("the supervisor machine and the real loader agree on every shortest path", () => {
  const { states, unreachable, paths } = allPaths();
  let root: string;
  let registry: TestRegistry;
  let image: BuiltImage;
  before(async () => {
    root = roomyFolder("replay");
    const folders = [...paths.keys()].map((index) => join(root, String(index)));
    for (const folder of folders) mkdirSync(folder);
    spawnSync(
      "mkfifo",
      folders.map((folder) => join(folder, "orders")),
    );
    registry = await startRegistry();
    image = await buildImage({ layers: [{ files: { entrypoint: OBEDIENT_APP } }] });
  });
  after(async () => {
    await registry.stop();
    rmSync(root, { recursive: true, force: true });
  });

  /** Replays one path; what went wrong in words, or undefined. */
  async function replay(path: Path, index: number, tell: (played: Played) => void): Promise<string | undefined> {
    const folder = join(root, String(index));
    try {
      const real = downloadsEarly(path);
      tell(await play(path, folder, real ? await realDownload(registry, `app${index}`, image) : quickDownload(folder)));
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  for (const [title, ours] of Map.groupBy(paths.entries(), ([, path]) => beginningOf(path))) {
    it(title, { timeout: TIMEOUT_MS }, async (t) => {
      const queue = [...ours];
      const sums = { steps: 0, natural: 0, arranged: 0 };
      const failures: string[] = [];
      const worker = async (): Promise<void> => {
        for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
          const [index, path] = next;
          const failure = await replay(path, index, (played) => {
            for (const key of ["steps", "natural", "arranged"] as const) sums[key] += played[key];
          });
          if (failure !== undefined) failures.push(failure);
        }
      };
      await Promise.all(Array.from({ length: WORKERS }, worker));
      t.diagnostic(
        `${ours.length} paths, ${sums.steps} steps; ${sums.natural} plans as the disk was, ${sums.arranged} set up`,
      );
      assert.equal(failures.length, 0, failures.slice(0, SHOWN_FAILURES).join("\n\n"));
    });
  }

  it("but for two states that no world can be brought into", () => {
    assert.deepEqual([states, unreachable, paths.length], [2077, 2, 611]);
  });
});
