/**
 * `dockerloader why`: every reason that the machines can give has its sentence, and each is reached here for real, with a
 * real loader, real apps and a registry that misbehaves. The last test holds the list against the table.
 */
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, beforeEach, describe, test } from "node:test";
import { findReason } from "../../../src/cli/why-find.ts";
import { describeWhy, REASON_KINDS } from "../../../src/cli/why-reasons.ts";
import { readConfig } from "../../../src/config/load.ts";
import { openShellLab, type ShellLab } from "../support/shell-lab.ts";

const WAIT = "trap 'exit 0' TERM; while :; do sleep 0.05; done";
/** Looks for an update at its start, and again when it is told to; restarts into what it finds. */
const CHECKING = `look() { dockerloader check; [ $? = 42 ] && exit 42; echo looked; }
trap 'exit 0' TERM; look; while :; do [ -e "$MARK" ] && { rm -f "$MARK"; look; }; sleep 0.05; done`;

describe("why", () => {
  const reached = new Set<string>();
  const failures = new Set<string>();
  let lab: ShellLab;
  let mark = "";
  beforeEach(async () => {
    lab = await openShellLab();
    mark = join(lab.folder, "mark");
  });
  afterEach(() => lab.close());

  /** The answer as the command finds it, without the start of a process for each. */
  async function ask(env: Readonly<Record<string, string>> = {}): Promise<{ kind: string; sentence: string }> {
    const settings = { DOCKERLOADER_DATA_DIR: lab.dataDir, DOCKERLOADER_TARGET: lab.target, ...env };
    const reason = findReason(readConfig(settings).config, Date.now());
    const sentence = describeWhy(reason);
    assert.match(sentence, /^[A-Z`s].*[.\w`]$/);
    reached.add(reason.kind);
    if (reason.kind === "failed") failures.add(reason.reason.kind);
    return { kind: reason.kind, sentence };
  }
  const start = (env: Readonly<Record<string, string>> = {}) => lab.start({ env: { MARK: mark, ...env } });

  test("no loader runs: said by the command, for people and as JSON, with exit code 3", async () => {
    const sentence = `No loader runs on ${lab.dataDir}, so nothing is updated; start one with \`dockerloader run\`.`;
    assert.deepEqual(await ask(), { kind: "not-running", sentence });
    const plain = await lab.command(["why"]);
    assert.deepEqual({ code: plain.code, out: plain.out }, { code: 3, out: `${sentence}\n` });
    const json = await lab.command(["why", "--json"]);
    assert.equal(json.code, 3);
    assert.deepEqual(JSON.parse(json.out), { schema: 1, sentence, kind: "not-running", dataDir: lab.dataDir });
  });

  test("the first download has not succeeded, and what it met", async () => {
    lab.registry.fault(() => ({ kind: "reset" }));
    await lab.push("exit 0");
    await start().until("still waiting");
    const { kind, sentence } = await ask();
    assert.equal(kind, "first-download");
    assert.match(
      sentence,
      new RegExp(`^The first download of ${lab.target} has not finished: .*\\. It is tried again`),
    );
  });

  test("nobody has looked yet; nothing to follow; pinned", async () => {
    const digest = await lab.push(`echo up; ${WAIT}`);
    await start().until("up");
    assert.equal((await ask()).kind, "never-checked");
    assert.match((await ask({ DOCKERLOADER_TARGET: "" })).sentence, /^DOCKERLOADER_TARGET is not set/);
    const pinned = await ask({ DOCKERLOADER_TARGET: `${lab.registry.host}/app@${digest}` });
    assert.deepEqual(pinned.kind, "pinned");
    assert.ok(pinned.sentence.includes(`is pinned to ${digest}`));
  });

  test("the newest runs; then the last check failed; then the answer is on its way", async () => {
    const digest = await lab.push(CHECKING);
    const loader = start();
    await loader.until("looked");
    const { kind, sentence } = await ask();
    assert.equal(kind, "current");
    assert.match(sentence, new RegExp(`^The newest version runs: ${digest}, as of the check .* ago\\.$`));

    const healed = lab.registry.fault(() => ({ kind: "status", status: 403 }));
    const before = loader.text().length;
    writeFileSync(mark, "");
    await loader.until("looked", before);
    const failed = await ask();
    assert.equal(failed.kind, "check-failed");
    assert.match(
      failed.sentence,
      /^The last check failed: .*403.* \[REGISTRY_DENIED\]; the app decides when to look again\.$/,
    );
    healed();

    lab.registry.fault(({ path }) => (path.includes("/blobs/") ? { kind: "stall", afterBytes: 1 } : undefined));
    await lab.push("echo newer");
    writeFileSync(mark, "");
    await loader.until("update available");
    const working = await ask();
    assert.equal(working.kind, "working");
    assert.match(working.sentence, /^The answer is on its way: a newer version is being downloaded right now\.$/);
  });

  test("staged and waiting for a restart; then on trial, with the time it has left", async () => {
    await lab.push(
      `dockerloader check; echo looked; trap 'exit 0' TERM; until [ -e "$MARK" ]; do sleep 0.05; done; dockerloader check; echo staged; while [ -e "$MARK" ]; do sleep 0.05; done; exit 42`,
    );
    const loader = start({ DOCKERLOADER_TRIAL_TIMEOUT_MS: "600000" });
    await loader.until("looked");
    const digest = await lab.push(WAIT);
    writeFileSync(mark, "");
    await loader.until("staged\n");
    const staged = await ask();
    assert.equal(staged.kind, "staged");
    assert.ok(staged.sentence.startsWith(`${digest} is downloaded and staged`));
    rmSync(mark);
    await loader.until("trial mode: true");
    while (!(await ask()).sentence.includes("left")) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.match(
      (await ask()).sentence,
      new RegExp(`^${digest} is on trial right now, (9 min \\d+ s|10 min) are left`),
    );
  });

  /** Brings a bad version to its end and asks after the version before it has looked again. */
  async function fail(bad: string, env: Readonly<Record<string, string>> = {}): Promise<string> {
    await lab.push(CHECKING);
    const loader = start(env);
    await loader.until("looked");
    const digest = await lab.push(bad);
    const from = loader.text().length;
    writeFileSync(mark, "");
    await loader.until("skipping update", from);
    await loader.until("looked", from);
    const { kind, sentence } = await ask();
    assert.equal(kind, "failed");
    assert.ok(sentence.startsWith(digest), sentence);
    assert.ok(sentence.endsWith(`; a new digest or \`dockerloader forget ${digest}\` tries again.`), sentence);
    return sentence.slice(digest.length);
  }

  test("its trial ended: by an exit, and after how long", async () => {
    assert.match(await fail("sleep 0.3; exit 3"), /^ failed its trial: it exited with code 3 after [\d.]+ s;/);
  });

  test("its trial ended: it was not ready in time", async () => {
    assert.match(
      await fail(WAIT, { DOCKERLOADER_TRIAL_TIMEOUT_MS: "400" }),
      /^ failed its trial: it was not ready within 400ms;/,
    );
  });

  test("it crashed on probation", async () => {
    assert.match(
      await fail("dockerloader ready; exit 7"),
      /^ failed on probation: it exited with code 7 after [\d.]+ s;/,
    );
  });

  test("its entrypoint could not be executed any more when its turn came", async () => {
    const patient =
      'if [ $? = 42 ]; then echo staged; until [ -e "$MARK" ]; do sleep 0.05; done; rm -f "$MARK"; exit 42; fi';
    await lab.push(CHECKING.replace("[ $? = 42 ] && exit 42", () => patient));
    const loader = start();
    await loader.until("looked");
    const digest = await lab.push("exit 0");
    const from = loader.text().length;
    writeFileSync(mark, "");
    await loader.until("staged\n", from);
    chmodSync(join(lab.dataDir, "storage/v1/extracted", digest, "entrypoint"), 0o644);
    writeFileSync(mark, "");
    await loader.until("skipping update", from);
    await loader.until("looked", from);
    assert.match((await ask()).sentence, new RegExp(`^${digest} failed: .*entrypoint is not executable;`));
  });

  test("its trials were interrupted too often", async () => {
    await lab.push(CHECKING);
    const env = { DOCKERLOADER_TRIAL_TRIES: "1", DOCKERLOADER_TRIAL_TIMEOUT_MS: "600000" };
    const first = start(env);
    await first.until("looked");
    const digest = await lab.push(WAIT);
    writeFileSync(mark, "");
    await first.until("trial mode: true");
    await first.kill("SIGTERM");
    const second = start(env);
    await second.until("looked");
    assert.match((await ask()).sentence, new RegExp(`^${digest} failed: its trials were interrupted 1 times;`));
  });

  test("the loader was killed between claim and record; the original loader had given up on it", async () => {
    await lab.push(CHECKING);
    const first = start();
    await first.until("looked");
    await first.kill("SIGTERM");
    const digest = await lab.push("exit 9");
    symlinkSync(join(lab.dataDir, "storage/v1/extracted", digest, "entrypoint"), join(lab.dataDir, "state/revoked"));
    const second = start();
    await second.until("looked");
    assert.match(
      (await ask()).sentence,
      new RegExp(`^${digest} failed: its trial was ended by the loader, which was then stopped;`),
    );
    await second.kill("SIGTERM");

    rmSync(join(lab.dataDir, "state"), { recursive: true });
    writeFileSync(join(lab.dataDir, "update-attempt"), digest);
    const third = start();
    await third.until("looked");
    assert.match((await ask()).sentence, new RegExp(`^${digest} failed: it failed under the original loader;`));
  });

  test("an app of the original says so by its marker alone: refused", async () => {
    await lab.push(CHECKING);
    const loader = start();
    await loader.until("looked");
    const digest = await lab.push("exit 9");
    writeFileSync(join(lab.dataDir, "update-attempt"), digest);
    const from = loader.text().length;
    writeFileSync(mark, "");
    await loader.until("looked", from);
    assert.deepEqual(await ask(), {
      kind: "refused",
      sentence: `${digest} was refused: previous attempt failed; a new digest is looked at again.`,
    });
  });

  test("what runs has changed since the last check", async () => {
    await lab.push(CHECKING);
    const loader = start();
    await loader.until("looked");
    const digest = await lab.push(`dockerloader ready; echo second; ${WAIT}`);
    writeFileSync(mark, "");
    await loader.until("second");
    await loader.until("trial committed");
    await loader.kill("SIGTERM");
    // The newer one is damaged while nothing runs: the loader starts the one before it.
    rmSync(join(lab.dataDir, "storage/v1/extracted", digest), { recursive: true });
    mkdirSync(join(lab.dataDir, "storage/v1/extracted", digest));
    const again = start({ DOCKERLOADER_TARGET: "127.0.0.1:1/app:1" });
    await again.until("spawning entrypoint");
    assert.equal((await ask()).kind, "changed-since");
  });

  test("the app has stopped looking: its next check is overdue", async () => {
    const library = join(import.meta.dirname, "../../../src/index.ts");
    const program = `const app = await import(${JSON.stringify(library)}); await app.initDockerloaded(); const loop = app.startUpdateLoop({ exit: false }); await loop.check(); console.log("looped"); setInterval(() => {}, 1000);`;
    await lab.push(`exec node --conditions=development --input-type=module -e '${program}'`);
    await start({ DOCKERLOADER_UPDATE_INTERVAL_SECS: "3600" }).until("looped");
    assert.equal((await ask()).kind, "current");
    const { config } = readConfig({ DOCKERLOADER_DATA_DIR: lab.dataDir, DOCKERLOADER_TARGET: lab.target });
    const reason = findReason(config, Date.now() + 3 * 3_600_000);
    assert.equal(reason.kind, "overdue");
    assert.ok(reason.kind === "overdue" && reason.byMs > 3_600_000);
    reached.add(reason.kind);
  });

  after(() => {
    assert.deepEqual(
      REASON_KINDS.filter((kind) => !reached.has(kind)),
      [],
      "every reason of the table is reached by a test",
    );
    const kinds = ["timeout", "exited", "crashed-on-probation", "interrupted", "unusable", "imported", "unrecorded"];
    assert.deepEqual(
      kinds.filter((kind) => !failures.has(kind)),
      [],
    );
  });
});
