/** What a check costs, what is remembered of a tag, and tags that cannot make up their mind. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, test } from "node:test";
import { readReport } from "../../../src/cli/status-report.ts";
import { statusLines } from "../../../src/cli/status-lines.ts";
import { readConfig } from "../../../src/config/load.ts";
import { checkForUpdate, startUpdateLoop } from "../../../src/index.ts";
import { pullImage } from "../../../src/pull/pull.ts";
import { forgetFailures } from "../../../src/store/index.ts";
import { buildImage, type Digest } from "../../../src/testing/index.ts";
import { type AppLab, type Environment, openAppLab, recordEvents } from "./support.ts";

describe("a check", () => {
  let lab: AppLab;
  beforeEach(async () => {
    lab = await openAppLab();
  });
  afterEach(() => lab.close());

  /** What was asked for since the last call: method, last part of the path, status and bytes of the body. */
  let seen = 0;
  const asked = (): string[] => {
    const fresh = lab.registry.requests.slice(seen);
    seen = lab.registry.requests.length;
    return fresh.map(({ method, path, status, bodyBytes }) =>
      [method, path.split("/").at(-1), status, bodyBytes > 0 ? "with a body" : "empty"].join(" "),
    );
  };
  /** One check as the first of a process: nothing is kept but what is on disk. */
  const check = async (digest: Digest, more: Environment = {}): Promise<string> => {
    seen = lab.registry.requests.length;
    const result = await checkForUpdate({ env: lab.env(digest, more), log: recordEvents() });
    return result.kind === "failed" ? result.error.message : result.kind;
  };
  const GET = "GET stable 200 with a body";
  const UNCHANGED = "HEAD stable 304 empty";

  test("is one HEAD without a body, also the first one of a process", async () => {
    const digest = await lab.install();
    assert.equal(await check(digest), "current");
    assert.deepEqual(asked(), [GET]);
    assert.equal(await check(digest), "current");
    assert.deepEqual(asked(), [UNCHANGED]);
    const { code, out, err } = await lab.run("console.log((await app.checkForUpdate()).kind)", lab.env(digest)).ended;
    assert.equal(code, 0, err);
    assert.match(out, /current/);
    assert.deepEqual(asked(), [UNCHANGED]);
  });

  test("is that also right after the first download", async () => {
    await lab.push({ version: "1" });
    const env = lab.env(`sha256:${"0".repeat(64)}`);
    const options = { config: readConfig(env).config, env, log: recordEvents(), signal: new AbortController().signal };
    const digest = await pullImage(lab.store, lab.target, options);
    assert.equal(await check(digest), "current");
    assert.deepEqual(asked(), [UNCHANGED]);
  });

  test("that finds another version stages what it found, and the next one costs a HEAD again", async () => {
    const digest = await lab.install();
    await check(digest);
    const newer = await lab.push({ version: "2" });
    assert.equal(await check(digest), "staged");
    assert.deepEqual(asked().slice(0, 2), ["HEAD stable 200 empty", GET]);
    assert.equal(await check(newer), "current");
    assert.deepEqual(asked(), [UNCHANGED]);
  });

  test("believes what is remembered for its own target and platform only, and nothing that makes no sense", async () => {
    const digest = await lab.install();
    const other = lab.registry.reference("app", "other");
    await lab.registry.push(
      "app",
      "other",
      await buildImage({ layers: [{ files: { entrypoint: "#!/bin/sh\n", other: "" } }] }),
    );
    await check(digest);
    assert.equal(await check(digest, { DOCKERLOADER_TARGET: other }), "staged");
    assert.equal(asked()[0], "GET other 200 with a body");
    await check(digest);
    await check(digest, { DOCKERLOADER_PLATFORM: "linux/riscv64" });
    assert.deepEqual(asked(), [GET]);
    for (const nonsense of ["", "{}", "[]", '{"digest":"sha256:1"}', "\0"]) {
      writeFileSync(lab.store.layout.sighting, nonsense);
      assert.equal(await check(digest), "current", nonsense);
      assert.deepEqual(asked(), [GET], nonsense);
    }
    const sighting = lab.store.records.sighting();
    assert.ok(sighting !== undefined);
    lab.store.records.setSighting({ ...sighting, etag: '"a"\r\nx: y"' });
    assert.equal(await check(digest), "current");
    assert.deepEqual(asked(), ["HEAD stable 200 empty"]);
  });

  test("is a GET where a registry refuses HEAD, or answers it without saying what is there", async () => {
    const digest = await lab.install();
    await check(digest);
    for (const [status, headers] of [
      [405, {}],
      [501, {}],
      [200, {}],
      // An answer to a question that was never asked.
      [304, { etag: '"x"' }],
    ] as const) {
      const sighting = lab.store.records.sighting();
      assert.ok(sighting !== undefined);
      if (status === 304) lab.store.records.setSighting({ ...sighting, etag: "no etag at all" });
      const mend = lab.registry.fault(({ method }) =>
        method === "HEAD" ? { kind: "status", status, headers } : undefined,
      );
      const loop = startUpdateLoop({ env: lab.env(digest), log: recordEvents(), exit: false });
      seen = lab.registry.requests.length;
      for (let round = 0; round < 2; round += 1) assert.equal((await loop.check()).kind, "current");
      const first = [`HEAD stable ${status} empty`, GET];
      assert.deepEqual(asked(), status === 304 ? [...first, `HEAD stable 304 empty`] : [...first, GET]);
      await loop.stop();
      mend();
    }
  });

  test("shows in the status what the registry says of its limit, and the loop takes its time when nothing is left", async () => {
    const digest = await lab.install();
    await check(digest);
    const headers = { "ratelimit-limit": "100;w=21600", "ratelimit-remaining": "0;w=21600" };
    lab.registry.fault(({ method }) => (method === "HEAD" ? { kind: "status", status: 304, headers } : undefined));
    const log = recordEvents();
    const loop = startUpdateLoop({ env: lab.env(digest), log, exit: false, random: () => 0.5 });
    assert.equal((await loop.check()).kind, "current");
    await loop.stop();
    const current = log.events.find((event) => event.type === "update.current");
    assert.equal(current?.retryInMs, 600_000);
    const report = readReport(readConfig(lab.env(digest)).config);
    const host = lab.registry.host;
    assert.deepEqual(report.lastCheck?.rateLimit, { host, limit: 100, remaining: 0, windowSecs: 21_600 });
    assert.ok(statusLines(report, Date.now()).includes(`limit     0 of 100 requests in 6 h are left at ${host}`));
  });
});

describe("a tag behind which two versions alternate", () => {
  let lab: AppLab;
  beforeEach(async () => {
    lab = await openAppLab();
  });
  afterEach(() => lab.close());

  /** Runs an app through checks, each in a process of its own as far as memory goes; what it restarted into, and what it said. */
  async function live(current: Digest, checks: number): Promise<{ staged: Digest[]; said: string[] }> {
    const staged: Digest[] = [];
    const said: string[] = [];
    for (let turn = 0; turn < checks; turn += 1) {
      const result = await checkForUpdate({ env: lab.env(staged.at(-1) ?? current), log: recordEvents() });
      said.push(result.kind === "refused" ? result.why : result.kind);
      if (result.kind !== "staged") continue;
      staged.push(result.digest);
      lab.store.links.point("entrypoint", result.digest);
    }
    return { staged, said };
  }

  test("restarts the app once, into the one that never ran, and stays there", async () => {
    const images = await Promise.all(
      ["1", "2"].map((version) => buildImage({ layers: [{ files: { entrypoint: "#!/bin/sh\n", version } }] })),
    );
    const [first, second] = images;
    assert.ok(first !== undefined && second !== undefined);
    const current = await lab.install({ version: "1" });
    let servers = 0;
    // As behind a balancer: every question about the tag is answered by the next of two servers, of which one is late.
    lab.registry.fault(({ path }) => {
      if (!path.endsWith("/manifests/stable")) return undefined;
      servers += 1;
      void lab.registry.push("app", "stable", servers % 3 === 0 ? first : second);
      return undefined;
    });
    const { staged } = await live(current, 30);
    assert.deepEqual(staged, [second.digest]);
  });

  test("follows a tag that goes back for good, after three checks, or at once when the wait is forgotten", async () => {
    const old = await lab.install({ version: "1" });
    const newer = await lab.push({ version: "2" });
    assert.deepEqual((await live(old, 2)).said, ["staged", "current"]);
    await lab.push({ version: "1" });
    const { staged, said } = await live(newer, 4);
    assert.deepEqual(staged, [old]);
    assert.match(said[0] ?? "", /replaced here before.*3 checks in a row.*this was 1/);
    assert.match(said[1] ?? "", /this was 2/);
    assert.deepEqual(said.slice(2), ["staged", "current"]);
    await lab.push({ version: "2" });
    assert.match((await live(old, 1)).said[0] ?? "", /this was 1/);
    assert.deepEqual(forgetFailures(lab.store, old), []);
    assert.deepEqual(forgetFailures(lab.store, newer), [newer]);
    assert.deepEqual((await live(old, 1)).said, ["staged"]);
  });
});
