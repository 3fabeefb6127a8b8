/** Everything that can meet on one volume: two loaders, a commit and its deadline. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import { must } from "../container/support/command.ts";
import type { Order, Verdicts } from "./support/committer.ts";
import { copyVolume } from "./support/many.ts";
import { SCENARIOS } from "./support/scenarios.ts";
import { needsShim } from "./support/shim.ts";
import { openSite, type Site } from "./support/site.ts";

const RACES = 200;
const PAIRS = 8;
const COMMITS = 2_000;
const COMMITTERS = 2;
const VOLUMES = 8;
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
        const dataDir = await copyVolume(site, "staged", `pair${index}`);
        const env = { ...site.env, APP_2_TRIAL: "commit", APP_2: "exec sleep 300" };
        const racers = [0, 1].map(() => startRacer(env));
        for (let round = 0; round < RACES / PAIRS; round += 1) {
          const moment = performance.timeOrigin + performance.now() + LEAD_MS;
          const answers = await Promise.all(racers.map((racer) => racer.ask(`${dataDir} ${moment}`)));
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
      const names = Array.from({ length: VOLUMES }, (_, index) => `deadline${index}`);
      const dataDirs = await Promise.all(names.map((name) => copyVolume(site, "staged", name)));
      const orders = Array.from({ length: COMMITTERS }, (_, first) => ({
        dataDirs: dataDirs.filter((_dataDir, index) => index % COMMITTERS === first),
        env: site.env,
        digest: site.versions.digest(2),
        first,
        step: COMMITTERS,
        turns: COMMITS,
      }));
      const all = await Promise.all(orders.map(commit));
      const sum = (verdict: keyof Verdicts): number => all.reduce((total, verdicts) => total + verdicts[verdict], 0);
      const verdicts = { committed: sum("committed"), rejected: sum("rejected") };
      assert.equal(verdicts.committed + verdicts.rejected, COMMITS);
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

/** Has these turns made by a process of their own. */
async function commit(order: Order): Promise<Verdicts> {
  const program = join(import.meta.dirname, "support/committer.ts");
  const out = await must(process.execPath, [program, JSON.stringify(order)], { env: order.env, timeoutMs: TIMEOUT_MS });
  return JSON.parse(out.trim().split("\n").at(-1) ?? "") as Verdicts;
}
