/** Nothing of a version outlives it: orphans, processes that left their session, an app that ignores SIGTERM, one that eats all memory. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { needs } from "../support/preconditions.ts";
import { SCENARIOS } from "./support/scenarios.ts";
import { startLoader } from "./support/loader.ts";
import { needsShim } from "./support/shim.ts";
import { openSite, type Site } from "./support/site.ts";

const FORKS = 1_000;
const MEMORY = "/sys/fs/cgroup/memory";
const LIMIT_BYTES = 64 * 1024 * 1024;
const WAIT_MS = 30_000;

/** State letter and parent of every process: proc_pid_stat(5). */
function processes(): { readonly pid: number; readonly state: string; readonly parent: number }[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const [, state = "", parent] = /^\d+ \(.*\) (\S) (\d+)/s.exec(readFileSync(`/proc/${name}/stat`, "utf8")) ?? [];
      return [{ pid: Number(name), state, parent: Number(parent) }];
    } catch {
      return [];
    }
  });
}

async function eventually(what: string, check: () => boolean): Promise<void> {
  for (const deadline = performance.now() + WAIT_MS; !check(); await delay(20)) {
    assert.ok(performance.now() < deadline, what);
  }
}

describe("the process tree", needsShim(), () => {
  let site: Site;
  before(async () => {
    site = await openSite();
    await SCENARIOS.find(({ name }) => name === "a trial fails")?.prepare(site);
    await site.save("staged");
  });
  after(() => site.close());

  test(`${FORKS} double forks leave no zombie under tini`, needs("orphans", ["tini"]), async (t) => {
    await site.restore("staged");
    const marks = join(site.folder, "marks");
    writeFileSync(marks, "");
    const fork = `i=0; while [ $i -lt ${FORKS} ]; do ( (printf x >> ${marks}) & ); i=$((i+1)); done; echo forked`;
    const loader = startLoader(site, { APP_2_TRIAL: `commit; ${fork}; exec sleep 300` }, ["tini", "-s", "--"]);
    const init = loader.process.pid ?? 0;
    const zombies = (): number => {
      const all = processes();
      const ours = new Set([init]);
      for (const { pid, parent } of all) if (parent === init) ours.add(pid);
      return all.filter(({ state, parent }) => state === "Z" && ours.has(parent)).length;
    };
    await loader.until("forked");
    await eventually("not every orphan ran", () => statSync(marks).size === FORKS);
    await eventually("zombies stay", () => zombies() === 0);
    t.diagnostic(`${FORKS} double forks, ${zombies()} zombies`);
    loader.process.kill("SIGTERM");
    const [code] = (await once(loader.process, "exit")) as [number | null];
    assert.equal(code, 143);
  });

  test("a rolled-back version that ignores SIGTERM and has left its session is gone before the next starts", async () => {
    await site.restore("staged");
    const pids = join(site.folder, "pids");
    writeFileSync(pids, "");
    const stay = `trap "" TERM; echo $$ >> ${pids}; while :; do sleep 300; done`;
    const loader = startLoader(site, {
      APP_2_TRIAL: `(setsid sh -c '${stay}' &); setsid sh -c '(${stay}) & wait' & ${stay}`,
      APP_1: `for p in $(cat ${pids}); do grep -qs '^State:.[^ZX]' /proc/$p/status && echo "alive $p"; done; echo looked`,
      DOCKERLOADER_TRIAL_TIMEOUT_MS: "4000",
      DOCKERLOADER_STOP_GRACE_MS: "200",
    });
    const { code, out } = await loader.ended;
    assert.equal(code, 0, out);
    const listed = readFileSync(pids, "utf8").trim().split("\n").map(Number);
    assert.ok(listed.length >= 3, `only ${listed.length} processes had started`);
    assert.match(out, /serving 1\s[^]*looked/);
    assert.doesNotMatch(out, /alive \d/);
  });

  const noCgroup = needs("memory cgroups", ["tail"]);
  test("an app on trial that the kernel kills for its memory is taken back", noCgroup, async (t) => {
    await site.restore("staged");
    const group = join(MEMORY, `dockerloader-${process.pid}`);
    mkdirSync(group);
    t.after(() => eventually("the cgroup stays", () => removed(group)));
    writeFileSync(join(group, "memory.limit_in_bytes"), String(LIMIT_BYTES));
    const { code, out } = await startLoader(site, {
      APP_2_TRIAL: `echo $$ > ${group}/cgroup.procs; exec tail /dev/zero`,
    }).ended;
    const kills = Number(/oom_kill (\d+)/.exec(readFileSync(join(group, "memory.oom_control"), "utf8"))?.[1]);
    assert.ok(kills >= 1, "the kernel killed nothing");
    assert.equal(code, 0, out);
    assert.match(out, /SIGKILL/);
    assert.match(out, /serving 1/);
  });
});

function removed(group: string): boolean {
  try {
    rmdirSync(group);
    return true;
  } catch {
    return false;
  }
}
