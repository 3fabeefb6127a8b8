import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Digest } from "../../../src/digest.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import { openStore, type Store } from "../../../src/store/index.ts";
import { planLaunch } from "../../../src/supervisor/plan.ts";
import { recordEvents } from "../app/support.ts";

const OLD: Digest = `sha256:${"a".repeat(64)}`;
const NEW: Digest = `sha256:${"b".repeat(64)}`;

/** A data directory with two versions that can be executed. */
function storeWithVersions(t: TestContext): Store {
  const dataDir = mkdtempSync(join(tmpdir(), "dockerloader-plan-"));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const store = openStore(dataDir);
  for (const digest of [OLD, NEW]) {
    mkdirSync(store.trees.path(digest));
    writeFileSync(store.layout.executable(digest), "#!/bin/sh\n", { mode: 0o755 });
  }
  return store;
}

const planOf = (store: Store, { signal = new AbortController().signal, log = silentLogger } = {}) =>
  planLaunch(store, { thorough: false, readOnly: false, trialTries: 3, log, signal });

describe("what is launched next", () => {
  it("is nothing on an empty disk", async (t) => {
    assert.deepEqual(await planOf(storeWithVersions(t)), { kind: "empty" });
  });

  it("is the stable version when nothing is staged", async (t) => {
    const store = storeWithVersions(t);
    store.links.point("entrypoint", OLD);
    assert.deepEqual(await planOf(store), { kind: "stable", digest: OLD, onProbation: false });
    assert.deepEqual(
      await planOf(store),
      { kind: "stable", digest: OLD, onProbation: false },
      "asking changes nothing",
    );
  });

  it("is a stable version on probation when it has not settled and there is one to return to", async (t) => {
    const store = storeWithVersions(t);
    store.links.point("entrypoint", NEW);
    store.records.setSuccession({ digest: NEW, previous: OLD, settled: false });
    assert.deepEqual(await planOf(store), { kind: "stable", digest: NEW, onProbation: true });
    store.records.setSuccession({ digest: NEW, previous: OLD, settled: true });
    assert.deepEqual(await planOf(store), { kind: "stable", digest: NEW, onProbation: false });
  });

  it("is a trial of what is staged: counted, the old version retained, the link renamed", async (t) => {
    const store = storeWithVersions(t);
    store.links.point("entrypoint", OLD);
    store.links.point("attempt", NEW);
    assert.deepEqual(await planOf(store), { kind: "trial", digest: NEW, attempt: 1 });
    assert.deepEqual(store.records.trial(), { digest: NEW, starts: 1, previous: OLD });
    assert.deepEqual(store.trees.retained(), [OLD]);
    assert.equal(store.links.digest("attempting"), NEW);
    assert.equal(store.links.read("attempt").kind, "absent");
  });

  it("is the second start of a trial that nobody ended", async (t) => {
    const store = storeWithVersions(t);
    store.links.point("entrypoint", OLD);
    store.links.point("attempt", NEW);
    await planOf(store);
    assert.deepEqual(await planOf(store), { kind: "trial", digest: NEW, attempt: 2 });
  });

  it("is the stable version on a volume without room for a commit: what is staged waits, uncounted and unblamed", async (t) => {
    const store = storeWithVersions(t);
    store.links.point("entrypoint", OLD);
    store.links.point("attempt", NEW);
    const full = (path: string): never => {
      throw Object.assign(new Error(`EDQUOT: ${path}`), { code: "Unknown system error -122", errno: -122 });
    };
    const log = recordEvents();
    assert.deepEqual(await planOf({ ...store, fs: { ...store.fs, tryWrite: full } }, { log }), {
      kind: "stable",
      digest: OLD,
      onProbation: false,
    });
    assert.match(JSON.stringify(log.events), /"store.degraded","message":"cannot write .*: EDQUOT.*no trial now/);
    assert.deepEqual([store.records.trial(), store.records.failures()], [undefined, []]);
    assert.deepEqual(await planOf(store), { kind: "trial", digest: NEW, attempt: 1 });
  });

  it("is the stable version when what is staged cannot be executed", async (t) => {
    const store = storeWithVersions(t);
    writeFileSync(store.layout.executable(NEW), "");
    store.links.point("entrypoint", OLD);
    store.links.point("attempt", NEW);
    assert.deepEqual(await planOf(store), { kind: "stable", digest: OLD, onProbation: false });
    assert.equal(store.records.failure(NEW)?.reason.kind, "unusable");
  });

  it("is the version before one whose rollback was recorded and not made: killed between the two", async (t) => {
    const store = storeWithVersions(t);
    store.links.point("entrypoint", NEW);
    store.records.setSuccession({ digest: NEW, previous: OLD, settled: false });
    store.records.addFailure({ digest: NEW, reason: { kind: "rolled-back" }, at: new Date(0).toISOString() });
    assert.deepEqual(await planOf(store), { kind: "stable", digest: OLD, onProbation: false });
    assert.equal(store.links.digest("entrypoint"), OLD);
    assert.equal(store.records.marker(), NEW);
    assert.deepEqual(store.records.failure(NEW)?.reason, { kind: "rolled-back" }, "the record stays as it was");
    assert.deepEqual(await planOf(store), { kind: "stable", digest: OLD, onProbation: false });
  });

  it("keeps the version to return to out of reach again when a rollback was cut short before its record", async (t) => {
    const store = storeWithVersions(t);
    store.links.point("entrypoint", NEW);
    store.records.setSuccession({ digest: NEW, previous: OLD, settled: false });
    assert.deepEqual(await planOf(store), { kind: "stable", digest: NEW, onProbation: true });
    assert.deepEqual(store.trees.retained(), [OLD]);
  });

  it("puts nothing on trial, and counts nothing, when it is given up while the old version is being retained", async (t) => {
    const store = storeWithVersions(t);
    for (let file = 0; file < 600; file += 1) writeFileSync(join(store.trees.path(OLD), `file${file}`), "");
    store.links.point("entrypoint", OLD);
    store.links.point("attempt", NEW);
    const stop = new AbortController();
    const planning = planOf(store, { signal: stop.signal });
    stop.abort();
    await assert.rejects(planning, { name: "AbortError" });
    assert.equal(store.links.digest("attempt"), NEW);
    assert.equal(store.links.read("attempting").kind, "absent");
    assert.equal(store.records.trial(), undefined);
  });
});
