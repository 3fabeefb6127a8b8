/** How an app ends is how the container ends: every exit code, every signal that kills, every signal that is passed on. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, rmSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { startLoader } from "./support/loader.ts";
import { needsShim } from "./support/shim.ts";
import { openSite, type Site } from "./support/site.ts";

const CODES = 256;
const RESTART = 42;
/** What ends a process that does nothing about it (signal(7)). */
const DEADLY =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT XCPU XFSZ VTALRM PROF IO PWR SYS"
    .split(" ")
    .map((name) => `SIG${name}`) as NodeJS.Signals[];
const PASSED = ["SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGWINCH", "SIGCONT"] as const;

describe("exit codes and signals", needsShim(), () => {
  let site: Site;
  before(async () => {
    site = await openSite();
    assert.equal((await site.act({ target: 1 })).code, 0);
  });
  after(() => site.close());

  test(`${CODES} exit codes: 42 asks for a restart, every other one is passed on`, { timeout: 600_000 }, async () => {
    for (let code = 0; code < CODES; code += 1) {
      const again = join(site.folder, "again");
      rmSync(again, { force: true });
      const APP_1 = code === RESTART ? `[ -e ${again} ] && exit 0; : > ${again}; exit 42` : `exit ${code}`;
      const ended = await site.act({ env: { APP_1 } });
      assert.equal(ended.code, code === RESTART ? 0 : code, ended.out + ended.err);
      assert.equal(existsSync(again), code === RESTART);
    }
  });

  test(`${DEADLY.length} signals that kill the app: 128 + its number`, { timeout: 120_000 }, async () => {
    for (const signal of DEADLY) {
      const number = constants.signals[signal];
      const ended = await site.act({ env: { APP_1: `ulimit -c 0; kill -${number} $$; exec sleep 60` } });
      assert.equal(ended.code, 128 + number, `${signal}: ${ended.out}${ended.err}`);
    }
  });

  test("every signal that is the app's business reaches it, and none of them ends the loader", async () => {
    const names = PASSED.map((signal) => signal.slice(3));
    const traps = names.map((name) => `trap 'echo got ${name}' ${name};`).join(" ");
    const APP_1 = `${traps} trap 'echo stopping; exit 7' TERM; echo ready; while :; do sleep 0.02; done`;
    const loader = startLoader(site, { APP_1 });
    await loader.until("ready");
    for (const signal of PASSED) {
      loader.process.kill(signal);
      await loader.until(`got ${signal.slice(3)}`);
    }
    assert.equal(loader.process.exitCode, null);
    loader.process.kill("SIGTERM");
    const [code] = (await once(loader.process, "exit")) as [number | null];
    assert.equal(code, 7);
  });
});
