import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { Digest } from "../../../src/digest.ts";
import { openStore, type Store } from "../../../src/store/index.ts";
import { watchCommit } from "../../../src/supervisor/link-watch.ts";
import { until } from "../../support/replay/until.ts";

const OLD: Digest = `sha256:${"a".repeat(64)}`;
const NEW: Digest = `sha256:${"b".repeat(64)}`;

/** A data directory in which NEW is on trial. */
function trial(t: TestContext): Store {
  const dataDir = mkdtempSync(join(tmpdir(), "dockerloader-watch-"));
  t.after(() => rmSync(dataDir, { recursive: true, force: true }));
  const store = openStore(dataDir);
  store.links.point("entrypoint", OLD);
  store.links.point("attempting", NEW);
  return store;
}

/** Watches NEW's trial; how often the commit was reported. */
function watching(t: TestContext, store: Store) {
  let count = 0;
  const end = watchCommit(store, NEW, () => (count += 1));
  t.after(end);
  return { end, count: () => count };
}

/** The same data directory where the directory cannot be watched: only the poll sees it. */
const unwatchable = (store: Store): Store => ({
  ...store,
  layout: { ...store.layout, dataDir: join(store.layout.dataDir, "no-such-directory") },
});

describe("the watch over a trial", () => {
  it("reports a commit once, whatever happens to the links later", async (t) => {
    const store = trial(t);
    const { count } = watching(t, store);
    assert.equal(count(), 0);
    assert.ok(store.links.commit());
    await until("the commit is reported", () => count() > 0);
    store.links.point("entrypoint", OLD);
    store.links.point("entrypoint", NEW);
    await until("the directory has been looked at", () => store.links.digest("entrypoint") === NEW);
    assert.equal(count(), 1);
  });

  it("reports the commit of an app that knows only rename(2)", async (t) => {
    const store = trial(t);
    const { count } = watching(t, store);
    renameSync(store.layout.attempting, store.layout.entrypoint);
    await until("the commit is reported", () => count() === 1);
  });

  it("reports a commit that came before the watch", (t) => {
    const store = trial(t);
    store.links.commit();
    assert.equal(watching(t, store).count(), 1);
  });

  it("reports a commit where the directory cannot be watched", async (t) => {
    const store = trial(t);
    const { count } = watching(t, unwatchable(store));
    store.links.commit();
    await until("the poll sees the commit", () => count() === 1);
  });

  it("is no commit while the trial's link is there, or when another version is stable", async (t) => {
    const store = trial(t);
    const { count } = watching(t, store);
    store.links.point("entrypoint", NEW);
    store.links.point("entrypoint", OLD);
    store.links.drop("attempting");
    const witness = watching(t, store);
    store.links.point("entrypoint", NEW);
    await until("the other watch has seen the link", () => witness.count() === 1 && count() === 1);
  });

  it("reports nothing after its end", async (t) => {
    const store = trial(t);
    const { end, count } = watching(t, store);
    const witness = watching(t, store);
    end();
    store.links.commit();
    await until("another watch has seen the commit", () => witness.count() === 1);
    assert.equal(count(), 0);
  });
});
