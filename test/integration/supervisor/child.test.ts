import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import type { ChildExit } from "../../../machines/index.ts";
import { startChild } from "../../../src/supervisor/child.ts";
import { processesOfRun } from "../../../src/supervisor/stragglers.ts";
import { until } from "../../support/replay/until.ts";

interface Settings {
  readonly graceMs?: number;
  readonly content?: string;
  readonly mode?: number;
  readonly args?: readonly string[];
}

/** Starts a shell script in a folder of its own, `$LAB`. The file `up` says that it is ready for signals. */
function start(t: TestContext, script: string, settings: Settings = {}) {
  const { graceMs = 60_000, content = `#!/bin/sh\n${script}\n`, mode = 0o755, args = [] } = settings;
  const lab = mkdtempSync(join(tmpdir(), "dockerloader-child-"));
  const path = join(lab, "entrypoint");
  writeFileSync(path, content);
  chmodSync(path, mode);
  const runId = `test-${lab}`;
  const exits: ChildExit[] = [];
  const kills: string[] = [];
  const child = startChild({
    path,
    argv0: "/the/link",
    args,
    env: { PATH: process.env["PATH"], LAB: lab },
    runId,
    graceMs,
    onExit: (exit) => void exits.push(exit),
    onKill: (reason) => void kills.push(reason),
  });
  t.after(async () => {
    child.kill("the test is over");
    await child.ended;
    rmSync(lab, { recursive: true, force: true });
  });
  const exists = (name: string): boolean => existsSync(join(lab, name));
  return {
    child,
    lab,
    runId,
    exits,
    kills,
    up: () => until("the app is up", () => exists("up")),
    read: (name: string) => readFileSync(join(lab, name), "utf8"),
  };
}

const UP = `: > "$LAB/up"`;
const HANG = "while :; do sleep 0.02; done";

describe("a child", () => {
  it("reports its exit code once", async (t) => {
    for (const code of [0, 1, 42, 255]) {
      const { child, exits } = start(t, `exit ${code}`);
      await child.ended;
      assert.deepEqual(exits, [{ kind: "code", code }]);
    }
  });

  it("reports the signal that ended it, with its number", async (t) => {
    const { child, exits } = start(t, "kill -SEGV $$");
    await child.ended;
    assert.deepEqual(exits, [{ kind: "signal", signal: "SIGSEGV", number: 11 }]);
  });

  it("gets its arguments, the link as argv[0] of a program, and an id that its processes inherit", async (t) => {
    const { child, read, runId } = start(
      t,
      `printf '%s|' "$@" > "$LAB/args"; sh -c 'echo $DOCKERLOADER_RUN_ID' > "$LAB/id"`,
      {
        args: ["a b", "", "--c"],
      },
    );
    await child.ended;
    assert.equal(read("args"), "a b||--c|");
    assert.equal(read("id"), `${runId}\n`);
  });

  it("that does not exist or lacks its interpreter is exit 127, one that cannot be executed 126", async (t) => {
    const cases: readonly [Settings, number][] = [
      [{ content: "#!/no/such/interpreter\n" }, 127],
      [{ mode: 0o644 }, 126],
    ];
    for (const [settings, code] of cases) {
      const { child, exits } = start(t, "", settings);
      assert.equal(child.pid, undefined);
      await child.ended;
      assert.equal(exits.length, 1);
      assert.deepEqual([exits[0]?.kind, exits[0]?.kind === "spawn-failed" && exits[0].code], ["spawn-failed", code]);
    }
  });

  it("that could not be started survives every order", async (t) => {
    const { child, exits, kills } = start(t, "", { mode: 0o644 });
    child.stop("SIGTERM");
    child.signal("SIGHUP");
    await child.ended;
    child.stop("SIGTERM");
    child.kill("late");
    assert.equal(exits.length, 1);
    assert.deepEqual(kills, []);
  });

  it("is stopped by the signal it is sent, in its own time", async (t) => {
    const { child, exits, kills, up } = start(t, `trap 'exit 7' TERM; ${UP}; ${HANG}`);
    await up();
    child.stop("SIGTERM");
    await child.ended;
    assert.deepEqual(exits, [{ kind: "code", code: 7 }]);
    assert.deepEqual(kills, []);
  });

  it("is killed, and that is said, when it has not ended within its grace", async (t) => {
    const { child, exits, kills, up } = start(t, `trap '' TERM; ${UP}; ${HANG}`, { graceMs: 20 });
    await up();
    child.stop("SIGTERM");
    child.stop("SIGTERM");
    await child.ended;
    assert.deepEqual(exits, [{ kind: "signal", signal: "SIGKILL", number: 9 }]);
    assert.deepEqual(kills, ["it did not end within 20 ms"]);
  });

  it("is killed at once when it is told so", async (t) => {
    const { child, exits, up } = start(t, `trap '' TERM; ${UP}; ${HANG}`);
    await up();
    child.stop("SIGTERM");
    child.kill("asked twice");
    await child.ended;
    assert.deepEqual(exits, [{ kind: "signal", signal: "SIGKILL", number: 9 }]);
  });

  it("and its whole group get the signals that are passed on", async (t) => {
    const inner = `trap 'echo got > "$LAB/inner"; exit 0' HUP; : > "$LAB/up"; ${HANG}`;
    const { child, read, up } = start(t, `trap 'wait; exit 3' HUP; sh -c '${inner.replaceAll("'", `'"'"'`)}' & wait`);
    await up();
    child.signal("SIGHUP");
    await child.ended;
    assert.equal(read("inner"), "got\n");
  });

  it("is over with its exit, not when the last holder of its output closes it; nothing of it is left", async (t) => {
    const { child, exits, runId } = start(t, `sleep 600 & setsid sleep 600 & exit 5`);
    await child.ended;
    assert.deepEqual(exits, [{ kind: "code", code: 5 }]);
    await until("the kernel has cleared them away", () => processesOfRun(runId).length === 0);
  });
});
