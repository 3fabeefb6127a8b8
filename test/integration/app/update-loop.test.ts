/** The loop that looks for updates: its handle, its pauses, and how it ends. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { startUpdateLoop, type UpdateLoop, type UpdateLoopOptions, type UpdateResult } from "../../../src/index.ts";
import { LIMITS } from "../../../src/limits.ts";
import { forgetFailures, revert } from "../../../src/store/index.ts";
import { type AppLab, type Environment, openAppLab, recordEvents } from "./support.ts";

const MIDDLE = 0.5;

/** The next result of a loop. */
const next = (loop: UpdateLoop): Promise<UpdateResult> => new Promise((resolve) => loop.on("result", resolve));

describe("startUpdateLoop", () => {
  let lab: AppLab;
  beforeEach(async () => {
    lab = await openAppLab();
  });
  afterEach(() => lab.close());

  const start = (env: Environment, options: UpdateLoopOptions = {}) => {
    const log = recordEvents();
    return { log, loop: startUpdateLoop({ env, log, random: () => MIDDLE, exit: false, ...options }) };
  };

  test("waits one interval, then looks once in each, and moves as the machine does", async () => {
    const digest = await lab.install();
    const before = lab.registry.requests.length;
    const { loop, log } = start(lab.env(digest, { DOCKERLOADER_UPDATE_INTERVAL_SECS: "1" }));
    const states: string[] = [];
    loop.on("state", (state) => states.push(state));
    assert.equal(loop.running, true);
    assert.equal(lab.registry.requests.length, before);
    assert.deepEqual(await next(loop), { kind: "current", digest });
    assert.deepEqual(await next(loop), { kind: "current", digest });
    await loop.stop();
    assert.deepEqual(states, ["check", "idle", "check", "idle", "stopped"]);
    assert.match(JSON.stringify(log.events[0]), /"update\.loop-started".*"intervalSecs":1/);
  });

  test("check() looks at once and answers the result of that round", async () => {
    const digest = await lab.install();
    const { loop } = start(lab.env(digest));
    assert.deepEqual(await loop.check(), { kind: "current", digest });
    const newer = await lab.push({ version: "2" });
    assert.deepEqual(await loop.check(), { kind: "staged", digest: newer });
    assert.equal(lab.store.links.digest("attempt"), newer);
    const after = await loop.check();
    assert.equal(after.kind === "failed" && after.error.code, "ABORTED");
  });

  test("refuses a version that the original's marker alone calls failed, and takes one that is only on its way", async () => {
    const digest = await lab.install();
    const { loop } = start(lab.env(digest));
    const marked = await lab.push({ version: "marked" });
    lab.store.records.setMarker(marked);
    assert.deepEqual(await loop.check(), { kind: "refused", digest: marked, why: "previous attempt failed" });
    lab.store.links.point("attempt", marked);
    assert.deepEqual(await loop.check(), { kind: "staged", digest: marked });
  });

  test("never takes again what the loader has taken back, however often the tag shows it, until it is forgotten", async () => {
    const old = await lab.install();
    const bad = await lab.push({ version: "crashes" });
    const refused = { kind: "refused", digest: bad, why: "previous attempt failed" } as const;
    const { store } = lab;
    assert.equal((await start(lab.env(old)).loop.check()).kind, "staged");
    // It commits, looks for updates itself, and crashes on probation.
    store.links.point("entrypoint", bad);
    store.links.drop("attempt");
    store.records.setSuccession({ digest: bad, previous: old, settled: false });
    assert.equal((await start(lab.env(bad)).loop.check()).kind, "current");
    const exit = { kind: "code", code: 3 } as const;
    const reason = { kind: "crashed-on-probation", exit } as const;
    assert.equal(await revert(store, { digest: bad, reason, thorough: false, now: new Date() }), old);

    const { loop } = start(lab.env(old));
    for (let round = 0; round <= LIMITS.steadyChecksMost; round += 1) assert.deepEqual(await loop.check(), refused);
    assert.equal(store.links.digest("attempt"), undefined);
    assert.deepEqual(forgetFailures(store, bad), [bad]);
    assert.deepEqual(await loop.check(), { kind: "staged", digest: bad });
  });

  test("refuses a version that failed before, and takes the next one", async () => {
    const digest = await lab.install();
    const { loop, log } = start(lab.env(digest));
    const bad = await lab.push({ version: "bad" });
    lab.store.records.addFailure({ digest: bad, reason: { kind: "unrecorded" }, at: new Date().toISOString() });
    assert.deepEqual(await loop.check(), { kind: "refused", digest: bad, why: "previous attempt failed" });
    assert.ok(log.types().includes("update.skipped"));
    const good = await lab.push({ version: "good" });
    assert.deepEqual(await loop.check(), { kind: "staged", digest: good });
  });

  test("pauses longer with every failure, anything up to a bound that doubles, and says how long", async () => {
    const digest = await lab.install();
    lab.registry.fault(() => ({ kind: "status", status: 404 }));
    for (const [random, seconds] of [
      [0, [30, 30, 30]],
      [MIDDLE, [315, 515, 515]],
      [1, [600, 1_000, 1_000]],
    ] as const) {
      const { loop, log } = start(lab.env(digest, { DOCKERLOADER_UPDATE_BACKOFF_MAX_SECS: "1000" }), {
        random: () => random,
      });
      for (let round = 0; round < 3; round += 1) assert.equal((await loop.check()).kind, "failed");
      await loop.stop();
      const pauses = log.events.map((event) => (event.type === "update.failed" ? event.retryInMs : undefined));
      assert.deepEqual(
        pauses.filter((ms) => ms !== undefined),
        seconds.map((pause) => pause * 1_000),
      );
    }
  });

  test("waits as long as the registry asks for, and up to one interval more", async () => {
    const digest = await lab.install();
    lab.registry.fault(() => ({ kind: "status", status: 429, headers: { "retry-after": "7200" } }));
    const { loop, log } = start(lab.env(digest));
    const result = await loop.check();
    assert.equal(result.kind === "failed" && result.error.code, "REGISTRY_RATE_LIMITED");
    await loop.stop();
    const failed = log.events.find((event) => event.type === "update.failed");
    assert.equal(failed?.retryInMs, 7_350_000);
  });

  test("stop() ends a running download, after which nothing is staged, and may be called again", async () => {
    const digest = await lab.install();
    await lab.push({ large: Buffer.alloc(300_000, "large") });
    lab.registry.fault(({ method, path }) =>
      method === "GET" && path.includes("/blobs/") ? { kind: "stall", afterBytes: 100 } : undefined,
    );
    const { loop, log } = start(lab.env(digest));
    const result = loop.check();
    await log.until("update.available");
    await loop.stop();
    await loop.stop();
    const ended = await result;
    assert.equal(ended.kind === "failed" && ended.error.code, "ABORTED");
    assert.equal(lab.store.links.read("attempt").kind, "absent");
    assert.deepEqual(lab.store.fs.readdirSync(lab.store.layout.extracted), [digest]);
  });

  test("an AbortSignal ends it, also one that has fired before", async () => {
    const digest = await lab.install();
    const stop = new AbortController();
    const { loop } = start(lab.env(digest), { signal: stop.signal });
    const states: string[] = [];
    loop.on("state", (state) => states.push(state));
    stop.abort();
    await loop.stop();
    assert.deepEqual(states, ["stopped"]);
    const late = start(lab.env(digest), { signal: stop.signal }).loop;
    const result = await late.check();
    assert.equal(result.kind === "failed" && result.error.code, "ABORTED");
  });

  for (const [why, env, sentence] of [
    ["without a loader", () => ({ DOCKERLOADER_DATA_DIR: "/nowhere/at/all" }), /not running under a dockerloader/],
    ["without a target", () => ({ DOCKERLOADER_TARGET: undefined }), /DOCKERLOADER_TARGET is not set/],
    ["with a malformed target", () => ({ DOCKERLOADER_TARGET: "127.0.0.1:1/Upper" }), /upper case/],
    [
      "behind a digest",
      () => ({ DOCKERLOADER_TARGET: `r.example/a@sha256:${"a".repeat(64)}` }),
      /is pinned to sha256:a/,
    ],
  ] as const) {
    test(`${why} it does nothing and says so once`, async () => {
      const digest = await lab.install();
      const { loop, log } = start(why === "without a loader" ? env() : lab.env(digest, env()));
      assert.equal(loop.running, false);
      assert.deepEqual(await loop.check(), { kind: "not-supervised" });
      await loop.stop();
      assert.deepEqual(log.types(), ["update.off"]);
      assert.match(JSON.stringify(log.events), sentence);
    });
  }

  test("waits for the hook and then ends the process with code 42; it never keeps a process alive itself", async () => {
    const digest = await lab.install();
    const code = `
      const loop = app.startUpdateLoop({ onRestart: () => console.log("drained") });
      loop.on("result", (result) => console.log("result " + result.kind));`;
    const idle = await lab.run(code, lab.env(digest)).ended;
    assert.equal(idle.code, 0, idle.out + idle.err);

    const env = lab.env(digest, { DOCKERLOADER_UPDATE_INTERVAL_SECS: "1" });
    const app = lab.run(`${code}\nsetInterval(() => {}, 1000);`, env);
    await app.until("result current");
    await lab.push({ version: "2" });
    const { code: exit, out } = await app.ended;
    assert.equal(exit, 42, out);
    assert.match(out, /result staged[^]*drained/);
  });

  test("with exit: false it leaves the end to the app", async () => {
    const digest = await lab.install();
    await lab.push({ version: "2" });
    const code = `
      const loop = app.startUpdateLoop({ exit: false });
      console.log("answer " + (await loop.check()).kind);
      await app.requestRestart({ onRestart: () => console.log("my own way") });`;
    const { code: exit, out } = await lab.run(code, lab.env(digest)).ended;
    assert.equal(exit, 42, out);
    assert.match(out, /answer staged[^]*my own way/);
  });

  test("a loop that has ended holds no connection that would keep the process alive", async () => {
    const digest = await lab.install();
    const code = "await using loop = app.startUpdateLoop(); console.log((await loop.check()).kind);";
    const { code: exit, out } = await lab.run(code, lab.env(digest)).ended;
    assert.equal(exit, 0, out);
    assert.match(out, /current/);
  });
});
