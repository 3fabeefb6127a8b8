/** What an operator does by hand: going back, forgiving, looking; and what the loader says to a second one. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { constants, hostname } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { openShellLab, type ShellLab } from "./support/shell-lab.ts";

/** Runs until told to look for an update, then restarts into it. */
const FOLLOW = 'until [ -e "$MARK" ]; do sleep 0.02; done; dockerloader check >/dev/null; exit 42';
const EARLY_SIGNALS = 200;
const SIGNAL_EVERY_MS = 5;
const SERVE = "trap 'exit 0' TERM; while :; do sleep 0.05; done";

/** True once the process blocks or catches SIGUSR1 (proc(5)); before that the kernel ends it. */
const answersUsr1 = (pid: number): boolean => {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return [...status.matchAll(/Sig(?:Blk|Cgt):\s*([0-9a-f]+)/g)].some(
    ([, mask = "0"]) => (BigInt(`0x${mask}`) >> BigInt(constants.signals.SIGUSR1 - 1)) % 2n === 1n,
  );
};

/** False also for a zombie, which is dead and waits for its parent. */
const runs = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

describe("an operator", () => {
  let lab: ShellLab;
  const mark = (): string => join(lab.folder, "mark");
  const env = (): Record<string, string> => ({ MARK: mark() });
  beforeEach(async () => {
    lab = await openShellLab();
  });
  afterEach(() => lab.close());

  /** A loader that has updated from a first to a second version. */
  async function updated(): Promise<{ first: string; second: string; loader: ReturnType<ShellLab["start"]> }> {
    const first = await lab.push(`echo first; [ -e "$MARK.2" ] && { echo back; ${SERVE}; }; ${FOLLOW}`);
    const loader = lab.start({ env: env() });
    await loader.until("first");
    const second = await lab.push(`dockerloader ready; echo second; ${SERVE}`);
    writeFileSync(mark(), "");
    await loader.until("second");
    writeFileSync(`${mark()}.2`, "");
    return { first, second, loader };
  }

  test("goes back: the running loader starts the previous version in place, and the other is not tried again", async () => {
    const { first, second, loader } = await updated();
    const { code, out, err } = await lab.command(["rollback"]);
    assert.deepEqual({ code, err }, { code: 0, err: "" }, out);
    assert.match(out, new RegExp(`^rolled back from ${second} to ${first}; the loader starts it now`));
    await loader.until("back");
    assert.equal(await lab.stable(), first);
    const again = await lab.command(["rollback", "--json"]);
    assert.equal(again.code, 69);
    assert.match(again.err, /there is no version before/);
    const report = JSON.parse((await lab.command(["status", "--json"])).out) as { attempts: Record<string, unknown>[] };
    assert.equal(report.attempts.length, 1);
    const [attempt] = report.attempts;
    assert.deepEqual(
      [attempt?.["digest"], attempt?.["state"], attempt?.["reason"]],
      [second, "failed", { kind: "rolled-back" }],
    );
    assert.ok(!Number.isNaN(Date.parse(String(attempt?.["at"]))));
    await loader.kill("SIGTERM");
  });

  test("forgives: one version or all, and says when there is nothing to forgive", async () => {
    const { second, loader } = await updated();
    await loader.kill("SIGTERM");
    await lab.command(["rollback"]);
    assert.equal((await lab.command(["forget"])).code, 64);
    assert.equal((await lab.command(["forget", "sha256:abc"])).code, 64);
    assert.equal((await lab.command(["forget", second])).out, `forgot ${second}\n`);
    assert.equal((await lab.command(["forget", "--all"])).out, "nothing to forget\n");
    assert.ok(!existsSync(join(lab.dataDir, "update-attempt")));
  });

  test("starts a second loader by mistake: it exits 75, names the first one and changes nothing", async () => {
    await lab.push(`echo up; ${SERVE}`);
    const loader = lab.start();
    await loader.until("up");
    const { code, err } = await lab.run();
    assert.equal(code, 75);
    assert.match(
      err,
      new RegExp(`loader with pid ${loader.process.pid} on ${hostname()} uses this data directory since `),
    );
    await loader.kill("SIGTERM");
  });

  test("uses an image without a flock command: the loader refuses, with the reason, and starts nothing", async () => {
    await lab.push("echo up");
    const [onlyOurs] = (lab.environment["PATH"] ?? "").split(":");
    const { code, out, err } = await lab.run({ env: { PATH: onlyOurs } });
    assert.equal(code, 74);
    assert.match(err, /cannot be locked: this system has no flock command[^]*STORE_UNSUPPORTED/);
    assert.doesNotMatch(out, /up/);
  });

  test("kills a loader with SIGKILL: the next one takes over and ends what the first left running", async () => {
    await lab.push(`echo "app $$"; trap '' TERM; while :; do sleep 0.05; done`);
    const first = lab.start();
    await first.until("app ");
    const pid = Number(/app (\d+)/.exec(first.text())?.[1]);
    first.process.kill("SIGKILL");
    await new Promise((resolve) => first.process.once("exit", resolve));
    assert.ok(runs(pid), "the app of a killed loader lives on outside of a container");
    const second = lab.start({ env: { DOCKERLOADER_STOP_GRACE_MS: "100" } });
    await second.until("app ");
    assert.ok(!runs(pid), "two generations at once");
    await second.kill("SIGTERM");
  });

  test("leaves a cli session open over an update and a clean-up: its files stay until it ends", async () => {
    const wait = 'if [ "$1" = cli ]; then echo in; until [ -e "$MARK.go" ]; do sleep 0.02; done; cat "$0"; exit 0; fi';
    const first = await lab.push(`${wait}; echo first; ${FOLLOW}`);
    const loader = lab.start({ env: env() });
    await loader.until("first");
    const session = spawn("dockerloader", ["cli"], {
      env: { ...process.env, ...lab.environment, ...env() },
      stdio: ["ignore", "pipe", "inherit"],
    });
    let said = "";
    session.stdout.setEncoding("utf8");
    await new Promise<void>((resolve) => session.stdout.on("data", (text: string) => ((said += text), resolve())));
    await lab.push(`dockerloader ready; echo second; ${SERVE}`);
    writeFileSync(mark(), "");
    await loader.until("second");
    assert.equal((await lab.command(["gc"])).code, 0);
    assert.ok((await lab.names("storage/v1/extracted")).includes(first), "the tree was pulled away");
    writeFileSync(`${mark()}.go`, "");
    assert.deepEqual(await new Promise((resolve) => session.once("exit", (code) => resolve(code))), 0);
    assert.match(said, /in[^]*until/);
    assert.equal((await lab.command(["gc"])).code, 0);
    assert.ok(!(await lab.names("storage/v1/extracted")).includes(first), "nobody holds it any more");
    await loader.kill("SIGTERM");
  });

  test("sends SIGUSR1 at any moment: the app gets it, and no debugger port opens", async () => {
    await lab.push(`trap 'echo got it' USR1; echo up; ${SERVE}`);
    const loader = lab.start();
    // From the first instant on in which Node and not the kernel answers: it would open its debugger then.
    while (!answersUsr1(loader.process.pid ?? 0)) await delay(1);
    for (let sent = 0; sent < EARLY_SIGNALS && !loader.text().includes("up"); sent += 1) {
      loader.process.kill("SIGUSR1");
      await delay(SIGNAL_EVERY_MS);
    }
    await loader.until("up");
    loader.process.kill("SIGUSR1");
    await loader.until("got it");
    const refused = await new Promise((resolve) => {
      const socket = connect(9229, "127.0.0.1");
      socket.once("connect", () => (socket.destroy(), resolve(false)));
      socket.once("error", () => resolve(true));
    });
    assert.ok(refused, "the debugger listens on port 9229");
    await loader.kill("SIGTERM");
  });
});
