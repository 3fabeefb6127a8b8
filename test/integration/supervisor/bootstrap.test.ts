import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import { DockerloaderError } from "../../../src/errors.ts";
import { LIMITS } from "../../../src/limits.ts";
import type { EventOf, LoaderEvent } from "../../../src/log/events.ts";
import { bootstrap } from "../../../src/supervisor/bootstrap.ts";
import { until } from "../../support/replay/until.ts";

/** A download made of a shell script, run until it settles. `$LAB` is a folder of its own. */
function downloadBy(t: TestContext, script: string, options: { graceMs?: number; random?: () => number } = {}) {
  const lab = mkdtempSync(join(tmpdir(), "dockerloader-bootstrap-"));
  t.after(() => rmSync(lab, { recursive: true, force: true }));
  const program = join(lab, "download");
  writeFileSync(program, `#!/bin/sh\n${script}\n`);
  chmodSync(program, 0o755);
  const stop = new AbortController();
  const events: LoaderEvent[] = [];
  const ended = bootstrap({
    command: [program, "an argument"],
    env: { PATH: process.env["PATH"], LAB: lab },
    log: { emit: (event) => void events.push(event) },
    signal: stop.signal,
    graceMs: 60_000,
    random: () => 0,
    ...options,
  });
  const retries = (): EventOf<"bootstrap.retrying">[] => events.filter((event) => event.type === "bootstrap.retrying");
  return { lab, ended, stop: () => stop.abort(), retries };
}

const report = (code: string, retryable: boolean): string =>
  `echo '${JSON.stringify({ code, message: "it is gone", retryable })}' >&3; exit 69`;
const pidIn = (lab: string): number => Number(readFileSync(join(lab, "pid"), "utf8"));
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`);

describe("the first download", () => {
  it("resolves when its process has ended well, and passes arguments and environment on", async (t) => {
    const { lab, ended } = downloadBy(t, `echo "$1" > "$LAB/said"`);
    await ended;
    assert.equal(readFileSync(join(lab, "said"), "utf8"), "an argument\n");
  });

  it("rejects with what the process reported when another try cannot help", async (t) => {
    const { ended, retries } = downloadBy(t, report("MANIFEST_UNKNOWN", false));
    await assert.rejects(ended, (error) => {
      assert.ok(error instanceof DockerloaderError);
      assert.deepEqual([error.code, error.message, error.exitCode], ["MANIFEST_UNKNOWN", "it is gone", 65]);
      return true;
    });
    assert.deepEqual(retries(), []);
  });

  it("is tried again after what may pass by itself, and says what it waits for", async (t) => {
    const script = `[ -e "$LAB/once" ] && exit 0; : > "$LAB/once"; ${report("REGISTRY_UNREACHABLE", true)}`;
    const { ended, retries } = downloadBy(t, script, { random: () => 0.25 });
    await ended;
    assert.deepEqual(
      retries().map(({ reason, attempt, inMs }) => [reason, attempt, inMs]),
      [["it is gone", 1, 250]],
    );
  });

  it("is given up when the volume fails every time, not when it fails now and then", async (t) => {
    for (const code of ["STORE_IO", "STORE_FULL"]) {
      const gone = downloadBy(t, report(code, true));
      await assert.rejects(gone.ended, { code, exitCode: 74 });
      assert.equal(gone.retries().length, LIMITS.volumeTries - 1);
    }

    const fails = `n=$(cat "$LAB/n" 2>/dev/null || echo 0); echo $((n + 1)) > "$LAB/n"; [ $n -ge 12 ] && exit 0`;
    const mixed = downloadBy(
      t,
      `${fails}; [ $((n % 3)) = 0 ] && { ${report("REGISTRY_UNREACHABLE", true)}; }; ${report("STORE_IO", true)}`,
    );
    await mixed.ended;
    assert.equal(mixed.retries().length, 12);
  });

  it("is tried again after a process that died without a report, or with one that makes no sense", async (t) => {
    const ends = [`kill -9 $$`, `echo nonsense >&3; exit 1`, report("NO_SUCH_CODE", false)];
    for (const end of ends) {
      const { ended, retries } = downloadBy(t, `[ -e "$LAB/once" ] && exit 0; : > "$LAB/once"; ${end}`);
      await ended;
      assert.equal(retries().length, 1, end);
      assert.match(retries()[0]?.reason ?? "", /the download process ended with (SIGKILL|1|69)/);
    }
  });

  it("rejects when its program does not exist", async () => {
    const signal = new AbortController().signal;
    const options = { env: {}, log: { emit: () => {} }, signal, graceMs: 1, random: () => 0 };
    await assert.rejects(bootstrap({ ...options, command: [join(tmpdir(), "no-such-program")] }), { code: "ENOENT" });
  });

  it("is over only when its process is, after SIGTERM", async (t) => {
    const script = `trap 'echo ended > "$LAB/ended"; exit 0' TERM; echo $$ > "$LAB/pid.new"; mv "$LAB/pid.new" "$LAB/pid"; while :; do sleep 0.01; done`;
    const { lab, ended, stop } = downloadBy(t, script);
    await until("the download runs", () => existsSync(join(lab, "pid")));
    stop();
    await assert.rejects(ended, { name: "AbortError" });
    assert.equal(readFileSync(join(lab, "ended"), "utf8"), "ended\n");
    assert.ok(!isAlive(pidIn(lab)));
  });

  it("is killed when it ignores SIGTERM for longer than the grace", async (t) => {
    const script = `trap '' TERM; echo $$ > "$LAB/pid.new"; mv "$LAB/pid.new" "$LAB/pid"; exec sleep 600`;
    const { lab, ended, stop } = downloadBy(t, script, { graceMs: 20 });
    await until("the download runs", () => existsSync(join(lab, "pid")));
    stop();
    await assert.rejects(ended, { name: "AbortError" });
    assert.ok(!isAlive(pidIn(lab)));
  });

  it("is not begun again when it is given up during the pause between two tries", async (t) => {
    const script = `echo x >> "$LAB/runs"; ${report("REGISTRY_TIMEOUT", true)}`;
    // The longest pause: after none the second try would be quicker than the look.
    const { lab, ended, stop, retries } = downloadBy(t, script, { random: () => 1 });
    await until("the first try has failed", () => retries().length === 1);
    stop();
    await assert.rejects(ended, { name: "AbortError" });
    assert.equal(readFileSync(join(lab, "runs"), "utf8"), "x\n");
  });
});
