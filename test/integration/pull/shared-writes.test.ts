import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { silentLogger } from "../../../src/log/logger.ts";
import { collectGarbage, recover, revert } from "../../../src/store/index.ts";
import { openPullLab, type PullLab } from "./support.ts";

const base = { files: { "lib/tool": "as published", "lib/other": "x" } };
const app = (version: string) => ({ files: { entrypoint: "#!/bin/sh\n", version } });
const options = { trialTries: 3, thorough: false, log: silentLogger, now: () => new Date(0) };

/** Two versions that share a file; the newer one is committed, the older one is where a clean-up puts it. */
async function committed(lab: PullLab) {
  await lab.push(base, app("1"));
  const first = await lab.pull();
  lab.store.links.point("entrypoint", first);
  await lab.push(base, app("2"));
  const second = await lab.pull();
  await lab.store.trees.retain(first);
  lab.store.links.point("entrypoint", second);
  lab.store.records.setSuccession({ digest: second, previous: first, settled: false });
  await collectGarbage(lab.store, second);
  assert.ok(!existsSync(lab.store.layout.tree(first)), "only its retained copy is left");
  return { first, second };
}

describe("a file that two versions share and one has written", () => {
  // Linking needs a volume that cannot clone: memory is one.
  const memory = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
  const inMemory = async (test: (lab: PullLab) => Promise<void>): Promise<void> => {
    const folder = mkdtempSync(join(memory, "dockerloader-shared-"));
    try {
      await using lab = await openPullLab(join(folder, "data"));
      await test(lab);
    } finally {
      rmSync(folder, { recursive: true });
    }
  };

  it("keeps the return to the other version from happening, by its name, and changes nothing", () =>
    inMemory(async (lab) => {
      const { first, second } = await committed(lab);
      writeFileSync(join(lab.store.layout.tree(second), "lib/tool"), "by the second");
      const facts = { digest: second, reason: { kind: "rolled-back" }, thorough: false, now: new Date(0) } as const;
      await assert.rejects(revert(lab.store, facts), {
        code: "NOTHING_TO_RUN",
        message: `there is no way back from ${second}: lib/tool of ${first} was written by another version that shares it`,
      });
      assert.equal(lab.store.links.digest("entrypoint"), second);
      assert.deepEqual(lab.store.records.failures(), []);
    }));

  it("costs both when the one that has written is taken away: nothing would tell of the other", () =>
    inMemory(async (lab) => {
      const { first, second } = await committed(lab);
      writeFileSync(join(lab.store.layout.tree(second), "lib/tool"), "by the second");
      await recover(lab.store, options);
      assert.equal(lab.store.links.digest("entrypoint"), second);
      assert.deepEqual(lab.store.trees.list(), []);
      assert.ok(!existsSync(lab.store.layout.retainedTree(first)));
    }));

  it("costs nothing when it was replaced, not written", () =>
    inMemory(async (lab) => {
      const { second } = await committed(lab);
      const tool = join(lab.store.layout.tree(second), "lib/tool");
      rmSync(tool);
      writeFileSync(tool, "by the second");
      await recover(lab.store, options);
      assert.equal(lab.store.trees.list().length, 2);
    }));

  it("costs nothing when the version that has written it ran last and runs on", () =>
    inMemory(async (lab) => {
      const { second } = await committed(lab);
      writeFileSync(join(lab.store.layout.tree(second), "lib/tool"), "by the second");
      await recover(lab.store, { ...options, ranLast: second });
      assert.equal(lab.store.trees.list().length, 2);
    }));
});
