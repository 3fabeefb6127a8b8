/** The loader as a process: what it passes on, how it ends, and what it waits for. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { openShellLab, type ShellLab } from "./support/shell-lab.ts";

/** A port nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** False also for a zombie, which is dead and waits for its parent. */
const isAlive = (pid: number): boolean => {
  try {
    return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
};

describe("the loader as a process", () => {
  let lab: ShellLab;
  beforeEach(async () => {
    lab = await openShellLab();
  });
  afterEach(() => lab.close());

  test("passes on its arguments and its whole environment, but no trial the operator made up", async () => {
    await lab.push(
      'echo "args=$#:$1:$2 mine=$MINE trial=${DOCKERLOADER_TRIAL-none} digest=${DOCKERLOADER_DIGEST#sha256:}"',
    );
    const env = { MINE: "a b", DOCKERLOADER_TRIAL: "1" };
    const { code, out } = await lab.run({ args: ["run", "--", "x y", "-z"], env });
    assert.equal(code, 0);
    assert.match(out, /args=2:x y:-z mine=a b trial=none digest=[a-f0-9]{64}/);
  });

  test("exits with the app's own code, and with 128 + s after signal s", async () => {
    await lab.push('if [ "$1" = signal ]; then kill -KILL $$; else exit "$1"; fi');
    assert.equal((await lab.run({ args: ["--", "7"] })).code, 7);
    assert.equal((await lab.run({ args: ["--", "255"] })).code, 255);
    assert.equal((await lab.run({ args: ["--", "signal"] })).code, 137);
  });

  test("forwards SIGTERM and exits with the app's code", async () => {
    await lab.push("trap 'echo stopping; exit 5' TERM; echo ready; while :; do sleep 0.05; done");
    const loader = lab.start();
    await loader.until("ready");
    const { code, out } = await loader.kill("SIGTERM");
    assert.equal(code, 5);
    assert.match(out, /stopping/);
  });

  test("kills an app that ignores SIGTERM after the grace, with everything it started", async () => {
    await lab.push(
      "trap '' TERM; (trap '' TERM; echo inner $(sh -c 'echo $PPID'); sleep 300) & setsid sleep 301 & echo outer $!; while :; do sleep 300; done",
    );
    const loader = lab.start({ env: { DOCKERLOADER_STOP_GRACE_MS: "200" } });
    await loader.until("inner");
    await loader.until("outer");
    const pids = [...loader.text().matchAll(/(?:inner|outer) (\d+)/g)].map(([, pid]) => Number(pid));
    const { code, out } = await loader.kill("SIGTERM");
    assert.equal(code, 137);
    assert.match(out, /killed subprocess group/);
    assert.deepEqual(pids.filter(isAlive), []);
  });

  test("a second loader on the same directory exits 75, names the lock and changes nothing", async () => {
    await lab.push("echo ready $$; exec sleep 300");
    const first = lab.start();
    await first.until("ready");
    const before = await lab.names(".");
    const { code, err } = await lab.run();
    assert.equal(code, 75);
    assert.match(err, /loader\.lock is locked/);
    assert.deepEqual(await lab.names("."), before);
    first.process.kill("SIGKILL");
    await once(first.process, "exit");
    const third = lab.start();
    await third.until("ready");
    // Outside of a container nobody ends the app of a loader that was killed.
    process.kill(Number(/ready (\d+)/.exec(first.text())?.[1]), "SIGKILL");
  });

  test("survives a reader of its log that goes away", async () => {
    await lab.push('while ! [ -e "$MARK" ]; do sleep 0.05; done; exit 9');
    const mark = `${lab.folder}/mark`;
    const loader = lab.start({ env: { MARK: mark } });
    await loader.until("spawning entrypoint");
    loader.process.stdout?.destroy();
    loader.process.stderr?.destroy();
    const ended = new Promise((resolve) => loader.process.once("exit", resolve));
    await lab.command(["status"]);
    writeFileSync(mark, "");
    assert.equal(await ended, 9);
  });
});

describe("the loader and a registry that is down", () => {
  let lab: ShellLab;
  before(async () => {
    lab = await openShellLab();
  });
  after(() => lab.close());

  test("waits at its first start, says for what, ends at once when it is told to, and leaves nothing half done", async () => {
    const port = await freePort();
    const loader = lab.start({ env: { DOCKERLOADER_TARGET: `127.0.0.1:${port}/app:1` } });
    await loader.until("still waiting for the first download");
    assert.match(loader.text(), new RegExp(`cannot reach 127\\.0\\.0\\.1:${port}: ECONNREFUSED`));
    assert.equal(loader.process.exitCode, null);
    const { code } = await loader.kill("SIGTERM");
    assert.equal(code, 143);
    assert.deepEqual(await lab.names("storage/staging"), []);
  });

  test("runs on when the registry goes away later, and updates when it is back", async () => {
    const follower = (version: string): string => `trap 'exit 0' TERM; echo "Version: ${version}"; dockerloader ready
while :; do dockerloader check; [ $? = 42 ] && exit 42; sleep 0.1; done`;
    await lab.push(follower("1"));
    const loader = lab.start({ env: { DOCKERLOADER_DATA_DIR: `${lab.folder}/later` } });
    await loader.until("already running the latest version");
    const end = lab.registry.fault(() => ({ kind: "status", status: 404 }));
    await loader.until("update check failed");
    await lab.push(follower("2"));
    await loader.until("update check failed", loader.text().length);
    assert.doesNotMatch(loader.text(), /subprocess exited/);
    end();
    await loader.until("Version: 2");
    await loader.until("trial successful");
    assert.equal((await loader.kill("SIGTERM")).code, 0);
  });

  test("starts as soon as the registry answers again", async () => {
    const end = lab.registry.fault(({ path }) => (path.includes("/manifests/") ? { kind: "reset" } : undefined));
    await lab.push("echo here at last");
    const loader = lab.start();
    await loader.until("still waiting for the first download");
    end();
    const { code, out } = await loader.ended;
    assert.equal(code, 0);
    assert.match(out, /here at last/);
  });
});
