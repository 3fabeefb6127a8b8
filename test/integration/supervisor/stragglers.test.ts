import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { describe, it, type TestContext } from "node:test";
import { killStragglers, processesOfRun, trySignal } from "../../../src/supervisor/stragglers.ts";
import { until } from "../../support/replay/until.ts";

/** A process with this run id that lives until it is killed. */
function runs(t: TestContext, runId: string, command: readonly string[] = ["sleep", "600"]): ChildProcess {
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    env: { PATH: process.env["PATH"], DOCKERLOADER_RUN_ID: runId },
    detached: true,
    stdio: "ignore",
  });
  t.after(() => child.kill("SIGKILL"));
  return child;
}

describe("what a run leaves behind", () => {
  it("is found by the id it inherited, also in another session", async (t) => {
    const runId = randomUUID();
    const { pid } = runs(t, runId);
    const script = "setsid sleep 600 & wait";
    runs(t, runId, ["sh", "-c", script]);
    await until("all of it runs", () => processesOfRun(runId).length === 3);
    assert.ok(processesOfRun(runId).includes(pid ?? -1));
    assert.equal(killStragglers(runId), 3);
  });

  it("is killed, and nothing else is", async (t) => {
    const [one, other] = [randomUUID(), randomUUID()];
    const [doomed, spared] = [runs(t, one), runs(t, other)];
    await until("both run", () => processesOfRun(one).length === 1 && processesOfRun(other).length === 1);
    const ended = once(doomed, "exit");
    assert.equal(killStragglers(one), 1);
    assert.deepEqual(await ended, [null, "SIGKILL"]);
    assert.deepEqual(processesOfRun(other), [spared.pid]);
  });

  it("does not count a run whose id only begins the same", async (t) => {
    const runId = randomUUID();
    runs(t, `${runId}-longer`);
    await until("it runs", () => processesOfRun(`${runId}-longer`).length === 1);
    assert.deepEqual(processesOfRun(runId), []);
    assert.equal(killStragglers(runId), 0);
  });

  it("is never this process", (t) => {
    const runId = randomUUID();
    process.env["DOCKERLOADER_RUN_ID"] = runId;
    t.after(() => delete process.env["DOCKERLOADER_RUN_ID"]);
    assert.deepEqual(processesOfRun(runId), []);
  });
});

describe("a signal", () => {
  it("to a process that is gone is answered, not thrown", async (t) => {
    const child = runs(t, randomUUID(), ["true"]);
    await once(child, "exit");
    assert.equal(trySignal(child.pid ?? -1, "SIGTERM"), false);
  });
});
