/** `dockerloader doctor`: what it looks at is really there, and it finds what is really wrong, each with its mend. */
import assert from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { once } from "node:events";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import type { Finding } from "../../../src/doctor/finding.ts";
import { findProgram } from "../../support/preconditions.ts";
import { openShellLab, type ShellLab } from "../support/shell-lab.ts";

describe("doctor", () => {
  let lab: ShellLab;
  beforeEach(async () => {
    lab = await openShellLab();
  });
  afterEach(() => lab.close());

  /** What is not in order, as `check level: says -> mend`. */
  async function ask(env: Readonly<Record<string, string>> = {}): Promise<{ bad: string[]; all: Finding[] }> {
    const { out, code } = await lab.command(["doctor", "--json"], env);
    const { findings } = JSON.parse(out) as { findings: Finding[] };
    assert.equal(code, findings.some(({ level }) => level === "fault") ? 1 : 0);
    const bad = findings.filter(({ level }) => level !== "ok");
    return { bad: bad.map(({ check, level, says, mend }) => `${check} ${level}: ${says} -> ${mend}`), all: findings };
  }

  /** An answer of somebody who is no registry. */
  async function serve(status: number, headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const server = createServer((_request, response) => void response.writeHead(status, headers).end("{}"));
    server.listen(0, "127.0.0.1").unref();
    await once(server, "listening");
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    return `127.0.0.1:${address.port}/app:1`;
  }

  test("finds nothing wrong where nothing is, and says what runs and what the target is", async () => {
    const digest = await lab.push("trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done");
    assert.ok((await ask()).all.some(({ says }) => says === "no loader runs on this data directory"));
    await lab.start().until("up");
    const { bad, all } = await ask();
    assert.deepEqual(bad, []);
    for (const says of [
      `${lab.target} is ${digest}`,
      "a loader runs on this data directory",
      "locks work",
      "it holds links and every name",
    ])
      assert.ok(
        all.some((finding) => finding.says === says),
        says,
      );
    assert.deepEqual(
      (await lab.names("state")).filter((name) => name.startsWith("tmp-")),
      [],
      "it leaves nothing",
    );
  });

  test("people get the same in lines, the mend below, and every setting with its source", async () => {
    await lab.push("exit 0");
    const { out, code } = await lab.command(["doctor"], { DOCKERLOADER_TRIAL_TRIES: "many" });
    assert.equal(code, 1);
    assert.match(
      out,
      /^FAULT {4}configuration: DOCKERLOADER_TRIAL_TRIES="many" .*\n {9}correct the variable or unset it$/m,
    );
    assert.match(out, /^ok {7}volume: locks work$/m);
    assert.ok(out.includes(`\n  DOCKERLOADER_TARGET=${lab.target} (environment)\n`));
    assert.match(out, /^ {2}DOCKERLOADER_STOP_GRACE_MS=8000 \(default\)$/m);
    assert.match(out, /^ {2}DOCKERLOADER_AUTH_FILE is not set$/m);
  });

  test("settings: malformed, unknown, no target", async () => {
    const { bad } = await ask({ DOCKERLOADER_TARGET: "", DOCKERLOADER_PROBATION_MS: "-1", DOCKERLOADER_TARGT: "x" });
    assert.equal(bad.length, 3, bad.join("\n"));
    assert.match(
      bad[0] ?? "",
      /^configuration fault: DOCKERLOADER_PROBATION_MS="-1" .* -> correct the variable or unset it$/,
    );
    assert.equal(
      bad[1],
      "configuration warning: DOCKERLOADER_TARGT is no setting and has no effect; did you mean DOCKERLOADER_TARGET? -> correct its name or unset it",
    );
    assert.match(
      bad[2] ?? "",
      /^configuration warning: DOCKERLOADER_TARGET is not set: .* -> set it to the image to run/,
    );
  });

  test("volume: not mounted, no directory, without the command for locks", async () => {
    await lab.push("exit 0");
    const missing = await ask({ DOCKERLOADER_DATA_DIR: join(lab.folder, "no/where") });
    assert.match(
      missing.bad[0] ?? "",
      /^volume fault: missing .*\/no directory; .* -> mount a volume there that this user may write to$/,
    );
    const file = join(lab.folder, "file");
    writeFileSync(file, "");
    const { bad } = await ask({ DOCKERLOADER_DATA_DIR: file });
    assert.match(bad[0] ?? "", /^volume fault: DOCKERLOADER_DATA_DIR=".*\/file" is not a directory -> mount a volume/);

    const bare = join(lab.folder, "bare");
    mkdirSync(bare);
    for (const name of ["node", "dockerloader"]) symlinkSync(join(lab.folder, "bin", name), join(bare, name));
    symlinkSync(findProgram("env") ?? "/usr/bin/env", join(bare, "env"));
    const unlocked = await ask({ PATH: bare });
    assert.match(
      unlocked.bad.join(),
      /^volume fault: files cannot be locked, so no loader starts: this system has no flock command .* -> install util-linux \(flock\), or use a volume with working locks$/,
    );
  });

  test("volume: its state cannot be written", async () => {
    await lab.push("exit 0");
    await lab.run();
    // Root may write anywhere, but nobody can make a file in what is no directory.
    const state = join(lab.dataDir, "state");
    rmSync(state, { recursive: true });
    writeFileSync(state, "");
    const { bad } = await ask();
    assert.match(
      bad.find((line) => line.startsWith("volume")) ?? "",
      /^volume fault: cannot .*state.* -> check that the volume is mounted read-write, healthy and not full$/,
    );
  });

  test("registry: malformed target, nobody there, wrong credentials, no such image; its clock", async () => {
    const about = async (target: string, check = "registry"): Promise<string> => {
      const { bad } = await ask({ DOCKERLOADER_TARGET: target });
      return bad.find((line) => line.startsWith(`${check} `)) ?? "";
    };
    assert.match(await about("127.0.0.1:1/UPPER:1"), /^registry fault: .*UPPER.* -> \S/);
    assert.match(await about("127.0.0.1:1/app:1"), /^registry fault: .*127\.0\.0\.1:1.*\[REGISTRY_UNREACHABLE\] -> \S/);
    assert.match(await about(await serve(403)), /^registry fault: .*403.*\[REGISTRY_DENIED\] -> \S/);
    assert.match(await about(`${lab.registry.host}/none:1`), /^registry fault: .*\[MANIFEST_UNKNOWN\] -> \S/);
    const date = new Date(Date.now() - 3_600_000).toUTCString();
    assert.match(
      await about(await serve(404, { date }), "clock"),
      /^clock warning: it is 3[56]\d\d s ahead of the registry's -> synchronise the host's clock/,
    );
  });
});
