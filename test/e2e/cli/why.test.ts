/**
 * `dockerloader why`: every reason that the machines can give has its sentence, and each is reached here for real, with a
 * real loader, real apps and a registry that misbehaves. The last test holds the list against the table.
 */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, beforeEach, describe, test } from "node:test";
import * as v from "valibot";
import { SHAPES } from "../../../src/cli/shapes.ts";
import { type Ran, run } from "../../container/support/command.ts";
import { needs } from "../../support/preconditions.ts";
import { findReason } from "../../../src/cli/why-find.ts";
import { REASON_KINDS } from "../../../src/cli/why-reasons.ts";
import { readConfig } from "../../../src/config/load.ts";
import { openShellLab, type ShellLab } from "../support/shell-lab.ts";
import { answer } from "./support/answer.ts";
import { CHECKING, HESITANT, loopingApp, WAIT } from "./support/apps.ts";

/** Mounting needs root. */
const READ_ONLY = needs("read-only mounts", ["unshare", "mount"]);

describe("why", () => {
  const reached = new Set<string>();
  let lab: ShellLab;
  let mark = "";
  beforeEach(async () => {
    lab = await openShellLab();
    mark = join(lab.folder, "mark");
  });
  afterEach(() => lab.close());

  const ask = async (env: Readonly<Record<string, string>> = {}): Promise<{ kind: string; sentence: string }> => {
    const { reason, sentence } = answer(lab, env);
    reached.add(reason.kind);
    return { kind: reason.kind, sentence };
  };
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
    // The step that follows is seen a moment after the sentence.
    let working = await ask();
    for (let look = 0; look < 20 && !working.sentence.includes("downloaded"); look += 1) working = await ask();
    assert.equal(working.kind, "working");
    assert.match(working.sentence, /^The answer is on its way: a newer version is being downloaded right now\.$/);
  });

  test("staged and waiting for a restart; then on trial, with the time it has left", async () => {
    await lab.push(HESITANT);
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

  test("a version that was replaced here before comes back: held until the tag is steady", async () => {
    const first = await lab.push(CHECKING);
    const loader = start();
    await loader.until("looked");
    await lab.push(`dockerloader ready; ${CHECKING}`);
    let from = loader.text().length;
    writeFileSync(mark, "");
    await loader.until("looked", from);
    assert.equal(await lab.push(CHECKING), first);
    from = loader.text().length;
    writeFileSync(mark, "");
    await loader.until("looked", from);
    const { kind, sentence } = await ask();
    assert.equal(kind, "held", sentence);
    assert.match(
      sentence,
      new RegExp(`^${first} was replaced here before, .* when 3 checks in a row have found it, and 1 has; `),
    );
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
    await lab.push(loopingApp(library));
    await start({ DOCKERLOADER_UPDATE_INTERVAL_SECS: "3600" }).until("looped");
    assert.equal((await ask()).kind, "current");
    const { config } = readConfig({ DOCKERLOADER_DATA_DIR: lab.dataDir, DOCKERLOADER_TARGET: lab.target });
    const reason = findReason(config, Date.now() + 3 * 3_600_000);
    assert.equal(reason.kind, "overdue");
    assert.ok(reason.kind === "overdue" && reason.byMs > 3_600_000);
    reached.add(reason.kind);
  });

  test("the volume is mounted read-only: said by why, status and doctor", READ_ONLY, async () => {
    await lab.push(`echo up; ${WAIT}`);
    const loader = start();
    await loader.until("up");
    await loader.kill("SIGTERM");
    const look = (command: string): Promise<Ran> => {
      const mount = `mount --bind "$DIR" "$DIR" && mount -o remount,bind,ro "$DIR" && exec dockerloader ${command}`;
      const env = { PATH: `${lab.folder}/bin:${process.env["PATH"]}`, DIR: lab.dataDir };
      const settings = { DOCKERLOADER_DATA_DIR: lab.dataDir, DOCKERLOADER_TARGET: lab.target };
      return run("unshare", ["-m", "sh", "-c", mount], { env: { ...env, ...settings } });
    };
    const why = await look("why --json");
    const { kind, sentence } = v.parse(SHAPES.why, JSON.parse(why.out));
    assert.deepEqual(
      [kind, sentence],
      [
        "read-only",
        `The volume takes no writes: ${lab.dataDir} is mounted read-only. The version on it runs, and nothing is updated until it is mounted read-write.`,
      ],
    );
    reached.add(kind);
    const status = await look("status");
    assert.equal(status.code, 1);
    assert.match(status.out, /^degraded\nvolume +\S+ is mounted read-only: nothing is updated$/m);
    const doctor = await look("doctor");
    assert.equal(doctor.code, 1);
    assert.match(doctor.out, /^FAULT {4}volume: \S+ is mounted read-only: .*\n {9}mount it read-write$/m);
  });

  after(() => {
    if (READ_ONLY.skip !== undefined) reached.add("read-only");
    assert.deepEqual(
      REASON_KINDS.filter((kind) => kind !== "failed" && !reached.has(kind)),
      [],
      "every reason of the table is reached by a test; failures have a file of their own",
    );
  });
});
