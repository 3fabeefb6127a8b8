import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { openStore } from "../../../src/store/index.ts";
import type { LayerInput } from "../../../src/testing/index.ts";
import { randomFrom } from "../../fixtures/random-layers.ts";
import { described } from "../../support/described.ts";
import { openPullLab } from "./support.ts";

const KILLS = process.env["CI"] === "true" ? 50 : 12;
const FILES = 1_500;
const many = (name: string): LayerInput => ({
  files: {
    entrypoint: "#!/bin/sh\n",
    ...Object.fromEntries(Array.from({ length: FILES }, (_, index) => [`${name}${index % 20}/f${index}`, `${index}`])),
  },
});

const source = (path: string): string =>
  JSON.stringify(pathToFileURL(join(import.meta.dirname, "../../../src", path)).href);

/** A module that pulls as the first download does, and says when it begins. */
const PULL = `
import { flushCompileCache } from "node:module";
import { readConfig } from ${source("config/load.ts")};
import { silentLogger } from ${source("log/logger.ts")};
import { pullImage } from ${source("pull/pull.ts")};
import { openStore } from ${source("store/index.ts")};
const [target] = process.argv.slice(1);
const store = openStore(process.env.DOCKERLOADER_DATA_DIR);
const config = readConfig(process.env).config;
// Who is killed would not keep it, and the next one would compile everything again.
flushCompileCache();
console.log("begun");
await pullImage(store, target, { config, env: process.env, log: silentLogger, signal: new AbortController().signal });
`;

describe("a pull that is cut short", () => {
  it(`leaves no half tree when it is killed, at ${KILLS} random moments, and the next one completes and sweeps up`, async () => {
    await using lab = await openPullLab();
    const digest = await lab.push(many("a"), many("b"));
    const { layout } = lab.store;
    const target = lab.registry.reference("app", "t");
    const random = randomFrom(7);
    const env = {
      PATH: process.env["PATH"],
      DOCKERLOADER_DATA_DIR: layout.dataDir,
      DOCKER_CONFIG: layout.dataDir,
      NODE_COMPILE_CACHE: join(layout.dataDir, "compiled"),
    };
    let cut = 0;
    for (let round = 0; round < KILLS; round++) {
      const child = spawn(process.execPath, ["--input-type=module", "--eval", PULL, target], {
        env,
        stdio: ["ignore", "pipe", "inherit"],
      });
      const ended = once(child, "exit");
      await once(child.stdout, "data");
      await Promise.race([delay(random(400)), ended]);
      child.kill("SIGKILL");
      const [code] = (await ended) as [number | null];
      const published = readdirSync(layout.extracted);
      if (code === null) cut += 1;
      if (published.length === 0) continue;
      assert.deepEqual(published, [digest]);
      assert.notEqual(lab.store.trees.receipt(digest), undefined);
      assert.equal(lab.store.trees.fault(digest), undefined);
      rmSync(layout.tree(digest), { recursive: true });
      rmSync(layout.receipt(digest));
    }
    assert.ok(cut > 0, "no pull was cut short");
    await lab.pull();
    assert.deepEqual(readdirSync(layout.staging), []);
    await using fresh = await openPullLab();
    await fresh.push(many("a"), many("b"));
    await fresh.pull();
    assert.deepEqual(described(layout.tree(digest)), described(fresh.store.layout.tree(digest)));
  });

  it("leaves the running version alone when the volume is full, and nothing behind", async (t) => {
    const mountPoint = mkdtempSync(join(tmpdir(), "dockerloader-full-"));
    const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=96m", "none", mountPoint]).status === 0;
    try {
      if (!mounted) return t.skip("needs the right to mount");
      const dataDir = join(mountPoint, "data");
      mkdirSync(dataDir);
      await using lab = await openPullLab(dataDir);
      await lab.push({ files: { entrypoint: "#!/bin/sh\n" } });
      const first = await lab.pull();
      const before = described(lab.store.layout.tree(first));
      // Compressed it fits; unpacked it does not.
      const zeros = Buffer.alloc(60 * 2 ** 20);
      await lab.push({ files: { entrypoint: "#!/bin/sh\n", zeros } }, { files: { more: zeros } });
      await assert.rejects(lab.pull(), { code: "STORE_FULL", message: /no space left while unpacking/ });
      assert.deepEqual(readdirSync(lab.store.layout.staging), []);
      assert.deepEqual(readdirSync(lab.store.layout.extracted), [first]);
      assert.deepEqual(described(openStore(dataDir).layout.tree(first)), before);
      assert.equal(lab.store.records.failures().length, 0, "a full volume is no fault of the image");
    } finally {
      if (mounted) execFileSync("umount", [mountPoint]);
      rmSync(mountPoint, { recursive: true, force: true });
    }
  });
});
