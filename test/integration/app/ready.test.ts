/** The commit, and everything that must not get in its way. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { markReady } from "../../../src/index.ts";
import { lockOrThrow } from "../../../src/store/index.ts";
import { type AppLab, openAppLab, recordEvents } from "./support.ts";

const TRIAL = { DOCKERLOADER_TRIAL: "1" };

describe("markReady", () => {
  let lab: AppLab;
  beforeEach(async () => {
    lab = await openAppLab();
  });
  afterEach(() => lab.close());

  test("commits a trial by one rename, writes down what it followed, and leaves one tree and one manifest", async () => {
    const first = await lab.install();
    const second = await lab.putOnTrial();
    const log = recordEvents();
    const ready = await markReady({ env: lab.env(second, TRIAL), log, check: false });
    assert.deepEqual(ready, { kind: "committed", digest: second });
    const { links, records, fs, layout, trees } = lab.store;
    assert.equal(links.digest("entrypoint"), second);
    assert.equal(links.read("attempting").kind, "absent");
    assert.equal(records.marker(), undefined);
    assert.deepEqual(records.succession(), { digest: second, previous: first, settled: false });
    assert.deepEqual(fs.readdirSync(layout.extracted), [second]);
    assert.deepEqual(fs.readdirSync(layout.images), [second]);
    assert.deepEqual(trees.retained(), [first]);
    assert.deepEqual(log.types(), ["app.marking", "app.committed", "store.links", "gc.finished"]);
  });

  test("of a version that is stable already changes no link", async () => {
    const digest = await lab.install();
    const log = recordEvents();
    assert.deepEqual(await markReady({ env: lab.env(digest), log, check: false }), { kind: "already-stable", digest });
    assert.deepEqual(await markReady({ env: lab.env(digest, TRIAL), log, check: false }), {
      kind: "already-stable",
      digest,
    });
    assert.equal(lab.store.links.digest("entrypoint"), digest);
  });

  test("rejects with TRIAL_REVOKED when the loader was first, and commits nothing", async () => {
    const first = await lab.install();
    const second = await lab.putOnTrial();
    lab.store.links.claim();
    await assert.rejects(markReady({ env: lab.env(second, TRIAL), log: recordEvents(), check: false }), {
      code: "TRIAL_REVOKED",
      hint: /DOCKERLOADER_TRIAL_TIMEOUT_MS/,
    });
    assert.equal(lab.store.links.digest("entrypoint"), first);
  });

  test("resolves while a registry that never answers is still being asked", async () => {
    const digest = await lab.install();
    lab.registry.fault(() => ({ kind: "stall", afterBytes: 0 }));
    const log = recordEvents();
    const stop = new AbortController();
    const ready = await markReady({ env: lab.env(digest), log, signal: stop.signal });
    assert.equal(ready.kind, "already-stable");
    await log.until("update.checking");
    assert.ok(!log.types().includes("update.failed"));
    stop.abort();
    await log.until("update.failed");
  });

  test("a registry that fails is told in the log and harms nobody", async () => {
    const digest = await lab.install();
    await lab.registry.stop();
    const code = "console.log((await app.markReady()).kind); setTimeout(() => {}, 50);";
    const { code: exit, out, err } = await lab.run(code, lab.env(digest)).ended;
    assert.equal(exit, 0, out + err);
    assert.match(out, /already-stable/);
  });

  test("its one check stages what is newer, waits for the hook, and ends the process with code 42", async () => {
    const first = await lab.install();
    const second = await lab.putOnTrial();
    const third = await lab.push({ version: "3" });
    const code = `
      const onRestart = async () => { await new Promise((drained) => setTimeout(drained, 20)); console.log("drained"); };
      await app.markReady({ onRestart });
      setInterval(() => {}, 1000);`;
    const { code: exit, out, err } = await lab.run(code, lab.env(second, TRIAL)).ended;
    assert.equal(exit, 42, out + err);
    assert.match(out, /trial successful[^]*created entrypoint-attempt[^]*drained/);
    assert.equal(lab.store.links.digest("attempt"), third);
    assert.equal(lab.store.records.marker(), third);
    assert.deepEqual(new Set(lab.store.trees.retained()), new Set([first, second]));
  });

  test("a hook that fails is told and does not stop the restart", async () => {
    const first = await lab.install();
    await lab.push({ version: "2" });
    const code = `await app.markReady({ onRestart: () => { throw new Error("no drain here"); } }); setInterval(() => {}, 1000);`;
    const { code: exit, out, err } = await lab.run(code, lab.env(first)).ended;
    assert.equal(exit, 42, out + err);
    assert.match(out, /onRestart failed: no drain here/);
  });

  test("does not look for updates behind a digest or without a target", async () => {
    const digest = await lab.install();
    const before = lab.registry.requests.length;
    for (const target of [undefined, `${lab.registry.host}/app@${digest}`]) {
      const env = lab.env(digest, { DOCKERLOADER_TARGET: target });
      assert.equal((await markReady({ env, log: recordEvents() })).kind, "already-stable");
    }
    assert.equal(lab.registry.requests.length, before);
  });

  test("leaves the clean-up to a later time while somebody else works on the volume", async () => {
    const digest = await lab.install();
    const garbage = join(lab.store.layout.blobs, "unknown");
    lab.store.durable.ensureDirectory(garbage);
    const lock = lockOrThrow(lab.store.fs, lab.store.layout.storeLock, "test");
    const log = recordEvents();
    await markReady({ env: lab.env(digest), log, check: false });
    assert.deepEqual(log.types(), ["store.busy"]);
    assert.ok(existsSync(garbage));
    lock.release();
    await markReady({ env: lab.env(digest), log, check: false });
    assert.ok(!existsSync(garbage));
  });

  test("without a loader does nothing", async () => {
    const env = { DOCKERLOADER_DATA_DIR: join(lab.folder, "elsewhere") };
    assert.deepEqual(await markReady({ env, log: recordEvents() }), { kind: "not-supervised" });
    assert.ok(!existsSync(join(lab.folder, "elsewhere")));
  });
});
