/** The command beside a loader: for shell apps, for people, for health checks. */
import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { COMMANDS, nameOf } from "../../src/cli/commands.ts";
import { openShellLab, type ShellLab } from "./support/shell-lab.ts";

describe("the command", () => {
  let lab: ShellLab;
  beforeEach(async () => {
    lab = await openShellLab();
  });
  afterEach(() => lab.close());

  test("check answers 0 when current and 42 when something newer is staged", async () => {
    await lab.push(
      'dockerloader check; echo first=$?; until [ -e "$MARK" ]; do sleep 0.05; done; dockerloader check; echo second=$?; exit 42',
    );
    const mark = join(lab.folder, "mark");
    const loader = lab.start({ env: { MARK: mark } });
    await loader.until("first=0");
    await lab.push("echo newer; dockerloader ready; exit 0");
    writeFileSync(mark, "");
    const { code, out } = await loader.ended;
    assert.equal(code, 0, out);
    assert.match(out, /second=42[^]*newer/);
  });

  test("check --json prints nothing but the result on stdout; without a loader it says so", async () => {
    await lab.push('dockerloader check --json >"$OUT"; exit 0');
    const file = join(lab.folder, "out.json");
    assert.equal((await lab.run({ env: { OUT: file } })).code, 0);
    assert.deepEqual(JSON.parse(readFileSync(file, "utf8")), {
      schema: 1,
      kind: "current",
      digest: await lab.stable(),
    });
    const { code, err } = await lab.command(["check"], { DOCKERLOADER_DATA_DIR: join(lab.folder, "elsewhere") });
    assert.equal(code, 3);
    assert.match(err, /does not run under a dockerloader/);
  });

  test("status answers 3 without a loader, 0 with a running app, 1 while nothing can run, and tells all as JSON", async () => {
    assert.equal((await lab.command(["status"])).code, 3);
    const end = lab.registry.fault(() => ({ kind: "reset" }));
    const digest = await lab.push("trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done");
    const loader = lab.start();
    await loader.until("still waiting");
    assert.equal((await lab.command(["status"])).code, 1);
    end();
    await loader.until("up");
    const { code, out } = await lab.command(["status"]);
    assert.equal(code, 0);
    assert.match(out, new RegExp(`^healthy, committed since .*\\n[^]*running   ${digest}`));
    const report = JSON.parse((await lab.command(["status", "--json"])).out) as Record<string, unknown>;
    assert.equal(report["health"], "healthy");
    assert.equal(report["stable"], digest);
    await loader.kill("SIGTERM");
    assert.equal((await lab.command(["status"])).code, 3);
  });

  test("status says why a version failed", async () => {
    await lab.push('dockerloader check; [ $? = 42 ] && exit 42; until [ -e "$MARK" ]; do sleep 0.05; done; exit 42');
    const mark = join(lab.folder, "mark");
    const loader = lab.start({ env: { MARK: mark } });
    await loader.until("already running the latest version");
    const bad = await lab.push("exit 3");
    writeFileSync(mark, "");
    await loader.until("rolled back to");
    const { out } = await lab.command(["status"]);
    assert.match(out, new RegExp(`failed    ${bad} at .*: it exited with code 3 before it was ready`));
    await loader.kill("SIGTERM");
  });

  test("forget takes a failure back: the version is tried again", async () => {
    await lab.push('dockerloader check; [ $? = 42 ] && exit 42; until [ -e "$MARK" ]; do sleep 0.05; done; exit 42');
    const mark = join(lab.folder, "mark");
    const loader = lab.start({ env: { MARK: mark } });
    await loader.until("already running the latest version");
    const bad = await lab.push("exit 3");
    writeFileSync(mark, "");
    await loader.until("rolled back to");
    await loader.until(`skipping update to ${bad}`);
    for (const args of [[], ["sha256:abc"], [bad, "--all"]]) {
      assert.equal((await lab.command(["forget", ...args])).code, 64);
    }
    assert.equal((await lab.command(["forget", bad])).out, `forgot ${bad}\n`);
    const from = loader.text().length;
    await loader.until("update available", from);
    await loader.until(`trial of ${bad} failed`, from);
    await loader.kill("SIGTERM");
    assert.deepEqual(JSON.parse((await lab.command(["forget", "--all", "--json"])).out), {
      schema: 1,
      forgotten: [bad],
    });
    assert.equal((await lab.command(["forget", "--all"])).out, "nothing to forget\n");
  });

  test("gc removes what no version needs", async () => {
    await lab.push("exit 0");
    await lab.run();
    mkdirSync(join(lab.dataDir, "storage/v1/blobs/unknown"));
    const { code, out } = await lab.command(["gc"]);
    assert.deepEqual({ code, out }, { code: 0, out: "removed 1 entry\n" });
    assert.ok(!existsSync(join(lab.dataDir, "storage/v1/blobs/unknown")));
  });

  test("pull unpacks an image, refuses a directory that is not empty, and leaves nothing behind when it fails", async () => {
    const digest = await lab.push("echo pulled");
    const output = join(lab.folder, "tree");
    const first = await lab.command(["pull", lab.target, "--output", output]);
    assert.deepEqual({ code: first.code, out: first.out }, { code: 0, out: `${digest}\n` }, first.err);
    assert.equal(statSync(join(output, "entrypoint")).mode & 0o7777, 0o755);
    const second = await lab.command(["pull", lab.target, "-o", output]);
    assert.equal(second.code, 64);
    assert.match(second.err, /is not empty/);
    const failed = await lab.command(["pull", `${lab.registry.host}/app:none`, "-o", join(lab.folder, "none")]);
    assert.equal(failed.code, 65);
    assert.match(failed.err, /404.*manifest unknown.*MANIFEST_UNKNOWN/);
    assert.ok(!existsSync(join(lab.folder, "none")));
  });

  test("cli waits for the first download, then becomes the committed version, with its stdout alone", async () => {
    await lab.push(
      '[ "$1" = cli ] && { shift; printf "%s|" "$@"; exit 9; }; echo serving; trap "exit 0" TERM; while :; do sleep 0.05; done',
    );
    const waiting = lab.command(["cli", "a b", "c"]);
    const loader = lab.start();
    await loader.until("serving");
    const { code, out } = await waiting;
    assert.deepEqual({ code, out }, { code: 9, out: "a b|c|" });
    await loader.kill("SIGTERM");
    const none = await lab.command(["cli"], {
      DOCKERLOADER_DATA_DIR: join(lab.folder, "empty"),
      DOCKERLOADER_CLI_WAIT_SECS: "0",
    });
    assert.equal(none.code, 3);
    assert.match(none.err, /entrypoint not found after waiting; is the supervisor running\?/);
    assert.equal(none.out, "");
  });

  test("--help fits a screen and names every command; an unknown one is a usage error", async () => {
    const { code, out } = await lab.command(["--help"]);
    assert.equal(code, 0);
    const lines = out.trimEnd().split("\n");
    assert.ok(lines.length <= 23, "with the prompt below it fits 24 rows");
    assert.ok(
      lines.every((line) => line.length <= 80),
      out,
    );
    for (const command of ["run", "cli", ...COMMANDS.filter(({ describe }) => describe !== false).map(nameOf)])
      assert.ok(
        lines.some((line) => line.startsWith(`  ${command} `)),
        command,
      );
    assert.match(out, /^ {2}DOCKERLOADER_TARGET=\S+ dockerloader$/m, "an example");
    const one = await lab.command(["status", "--help"]);
    assert.match(
      one.out,
      /^dockerloader status\n[^]*--watch[^]*Examples:\n {2}dockerloader status --watch {2,}redraws/,
    );
    const unknown = await lab.command(["explode"]);
    assert.equal(unknown.code, 64);
    assert.match(unknown.err, /Error: .*explode.*\[USAGE\]/);
    assert.equal(unknown.out, "");
  });
});

describe("an app that knows only the files", () => {
  let lab: ShellLab;
  beforeEach(async () => {
    lab = await openShellLab();
  });
  afterEach(() => lab.close());

  test("and deletes every unknown name when it is ready: a crash on probation still finds the version before it", async () => {
    const ready = `d=$DOCKERLOADER_DATA_DIR; mv $d/entrypoint-attempting $d/entrypoint; rm -f $d/update-attempt
for dir in extracted images; do for f in $d/storage/v1/$dir/*; do case $f in */$DOCKERLOADER_DIGEST) ;; *) rm -rf "$f" ;; esac; done; done`;
    const first = await lab.push(
      'echo "Version: 1"; [ -e "$MARK" ] && exit 0; touch "$MARK"; until dockerloader check >/dev/null; [ $? = 42 ] || [ -e "$DOCKERLOADER_DATA_DIR/entrypoint-attempt" ]; do sleep 0.05; done; until [ -e "$DOCKERLOADER_DATA_DIR/entrypoint-attempt" ]; do dockerloader check; sleep 0.05; done; exit 42',
    );
    const loader = lab.start({ env: { MARK: join(lab.folder, "mark") } });
    await loader.until("Version: 1");
    const second = await lab.push(
      `echo "Version: 2"; ${ready}\nuntil [ ! -e $d/storage/v1/extracted/${first} ]; do :; done; sleep 0.3; exit 7`,
    );
    const { code, out, err } = await loader.ended;
    assert.equal(code, 0, out + err);
    assert.match(out, /trial committed within timeout[^]*exited with code 7[^]*Version: 1/);
    assert.match(err, /on probation/);
    assert.equal(await lab.stable(), first);
    assert.ok((await lab.names("state/failed")).includes(`${second}.json`));
  });
});
