/** Everything that can meet on one volume: two loaders, a commit and its deadline. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { readConfig } from "../../src/config/load.ts";
import { silentLogger } from "../../src/log/logger.ts";
import { supervise } from "../../src/supervisor/run.ts";
import { type Copy, copyVolume } from "./support/many.ts";
import { SCENARIOS } from "./support/scenarios.ts";
import { needsShim } from "./support/shim.ts";
import { openSite, type Site } from "./support/site.ts";
import { linkedDigest } from "./support/versions.ts";

const RACES = 200;
const PAIRS = 8;
const COMMITS = 2_000;
const VOLUMES = 8;
const DEADLINE_MS = 60;
/** The commit comes from this much before the deadline to this much after it, in milliseconds: timers of a busy process are late. */
const EARLY_MS = 15;
const LATE_MS = 45;
/** So much later comes the next commit after one that was in time, and so much earlier after one that was not. */
const SHIFT_MS = 10;
const LEAD_MS = 30;
const TIMEOUT_MS = 600_000;

describe("who meets on one volume", needsShim(), () => {
  let site: Site;
  before(async () => {
    site = await openSite();
    await SCENARIOS.find(({ name }) => name === "a trial commits")?.prepare(site);
    await site.save("staged");
  });
  after(() => site.close());

  test(
    `two loaders start ${RACES} times at one moment: one runs, the other has code 75`,
    { timeout: TIMEOUT_MS },
    async (t) => {
      const won = [0, 0];
      const race = async (index: number): Promise<void> => {
        const { layout } = await copyVolume(site, "staged", `pair${index}`);
        const env = { ...site.env, APP_2_TRIAL: "commit", APP_2: "exec sleep 300" };
        const racers = [0, 1].map(() => startRacer(env));
        for (let round = 0; round < RACES / PAIRS; round += 1) {
          const moment = performance.timeOrigin + performance.now() + LEAD_MS;
          const answers = await Promise.all(racers.map((racer) => racer.ask(`${layout.dataDir} ${moment}`)));
          assert.deepEqual(answers.toSorted(), ["STORE_LOCKED 75", "running"], `race ${round}`);
          const winner = answers.indexOf("running");
          won[winner] = (won[winner] ?? 0) + 1;
          assert.equal(await racers[winner]?.ask("stop"), "143");
        }
        for (const racer of racers) racer.end();
      };
      await Promise.all(Array.from({ length: PAIRS }, (_, index) => race(index)));
      t.diagnostic(`${RACES} races: won ${won.join(" and ")}`);
    },
  );

  test(
    `${COMMITS} commits around the deadline: the verdict is what the disk says`,
    { timeout: TIMEOUT_MS },
    async (t) => {
      const verdicts = { committed: 0, rejected: 0 };
      let next = 0;
      const worker = async (index: number): Promise<void> => {
        const volume = await copyVolume(site, "staged", `deadline${index}`);
        // Follows the moment at which this machine, as busy as it is now, decides the other way.
        let shift = 0;
        for (let turn = next++; turn < COMMITS; turn = next++) {
          const verdict = await commitAround(site, volume, turn, shift);
          verdicts[verdict] += 1;
          shift = Math.max(0, shift + (verdict === "committed" ? SHIFT_MS : -SHIFT_MS));
          volume.reset();
        }
      };
      await Promise.all(Array.from({ length: VOLUMES }, (_, index) => worker(index)));
      t.diagnostic(`${COMMITS} commits: ${verdicts.committed} committed, ${verdicts.rejected} rejected, 0 wrong`);
      assert.ok(verdicts.committed > 0 && verdicts.rejected > 0, "the commit was never on both sides of the deadline");
    },
  );
});

interface Racer {
  readonly ask: (order: string) => Promise<string>;
  readonly end: () => void;
}

function startRacer(env: Readonly<Record<string, string>>): Racer {
  const child = spawn(process.execPath, [join(import.meta.dirname, "support/racer.ts")], {
    env,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    ask: async (order) => {
      child.stdin.write(`${order}\n`);
      // What the apps of the loader print comes on the same pipe.
      for (;;) {
        const { value, done } = await answers.next();
        if (done === true) throw new Error("the racer ended");
        if (!value.startsWith("serving")) return value;
      }
    },
    end: () => child.stdin.end(),
  };
}

/** One trial by the real loader whose app commits close to the deadline. Every other app knows the claim protocol. */
async function commitAround(
  site: Site,
  { layout }: Copy,
  turn: number,
  shift: number,
): Promise<"committed" | "rejected"> {
  const offset = shift + ((turn % 101) / 100) * (EARLY_MS + LATE_MS) - EARLY_MS;
  const wait = `sleep ${((DEADLINE_MS + offset) / 1000).toFixed(4)}`;
  const handshake = turn % 2 === 0 ? 'printf %s "$DOCKERLOADER_RUN_ID" > "$D/state/handshake";' : "";
  const env = {
    ...site.env,
    DOCKERLOADER_DATA_DIR: layout.dataDir,
    DOCKERLOADER_TRIAL_TIMEOUT_MS: String(DEADLINE_MS),
    DOCKERLOADER_ON_TRIAL_FAILURE: "exit",
    APP_2_TRIAL: `exec > /dev/null 2>&1; ${handshake} ${wait}; mv -T "$D/entrypoint-attempting" "$D/entrypoint" || exit 7`,
    APP_2: "exit 0",
  };
  const { config } = readConfig(env);
  const options = { config, env, args: [], fetchCommand: ["false"], log: silentLogger, random: Math.random } as const;
  const code = await supervise(options).done;
  const stable = site.versions.version(linkedDigest(layout.entrypoint));
  const failed = readdirSync(layout.failed).length;
  const told = `turn ${turn}, offset ${offset} ms: exit ${code}, stable ${stable}, ${failed} failures`;
  assert.equal(linkedDigest(layout.attempting), undefined, told);
  assert.equal(code === 0, stable === 2, told);
  assert.equal(failed, stable === 2 ? 0 : 1, told);
  return stable === 2 ? "committed" : "rejected";
}
