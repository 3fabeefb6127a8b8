/**
 * Trials by the real loader whose app commits close to the deadline, some at a time. In a process of its own: a small one
 * starts others sooner than a large one. Its argument is an `Order`; the last line that it prints are the verdicts.
 */
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { readConfig } from "../../../src/config/load.ts";
import { layoutOf } from "../../../src/layout.ts";
import { silentLogger } from "../../../src/log/logger.ts";
import { supervise } from "../../../src/supervisor/run.ts";
import { linkedDigest } from "./linked.ts";
import { resetVolume } from "./reset.ts";

export interface Order {
  /** Copies of one saved volume, on which version `digest` is staged; each is worked on alone. */
  readonly dataDirs: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly digest: string;
  /** The turns from `first` on, every `step`th of so many. */
  readonly first: number;
  readonly step: number;
  readonly turns: number;
}

export interface Verdicts {
  readonly committed: number;
  readonly rejected: number;
}

const DEADLINE_MS = 60;
/** The commit comes from this much before the deadline to this much after it, in milliseconds: timers of a busy process are late. */
const EARLY_MS = 15;
const LATE_MS = 45;
/** So much later comes the next commit after one that was in time, and so much earlier after one that was not. */
const SHIFT_MS = 10;

/** One trial. Every other app knows the claim protocol. */
async function commitAround(order: Order, dataDir: string, turn: number, shift: number): Promise<keyof Verdicts> {
  const layout = layoutOf(dataDir);
  const offset = shift + ((turn % 101) / 100) * (EARLY_MS + LATE_MS) - EARLY_MS;
  const wait = `sleep ${((DEADLINE_MS + offset) / 1000).toFixed(4)}`;
  const handshake = turn % 2 === 0 ? 'printf %s "$DOCKERLOADER_RUN_ID" > "$D/state/handshake";' : "";
  const env = {
    ...order.env,
    DOCKERLOADER_DATA_DIR: dataDir,
    DOCKERLOADER_TRIAL_TIMEOUT_MS: String(DEADLINE_MS),
    DOCKERLOADER_ON_TRIAL_FAILURE: "exit",
    APP_2_TRIAL: `exec > /dev/null 2>&1; ${handshake} ${wait}; mv -T "$D/entrypoint-attempting" "$D/entrypoint" || exit 7`,
    APP_2: "exit 0",
  };
  const { config } = readConfig(env);
  const options = { config, env, args: [], fetchCommand: ["false"], log: silentLogger, random: Math.random } as const;
  const code = await supervise(options).done;
  const committed = linkedDigest(layout.entrypoint) === order.digest;
  const failed = readdirSync(layout.failed).length;
  const told = `turn ${turn}, offset ${offset} ms: exit ${code}, ${committed ? "committed" : "not committed"}, ${failed} failures`;
  assert.equal(linkedDigest(layout.attempting), undefined, told);
  assert.equal(code === 0, committed, told);
  assert.equal(failed, committed ? 0 : 1, told);
  return committed ? "committed" : "rejected";
}

async function workOff(order: Order): Promise<Verdicts> {
  const verdicts = { committed: 0, rejected: 0 };
  let next = order.first;
  const work = async (dataDir: string): Promise<void> => {
    // Follows the moment at which this machine, as busy as it is now, decides the other way.
    let shift = 0;
    for (let turn = next; turn < order.turns; turn = next) {
      next += order.step;
      const verdict = await commitAround(order, dataDir, turn, shift);
      verdicts[verdict] += 1;
      shift = Math.max(0, shift + (verdict === "committed" ? SHIFT_MS : -SHIFT_MS));
      resetVolume(dataDir);
    }
  };
  await Promise.all(order.dataDirs.map(work));
  return verdicts;
}

const verdicts = await workOff(JSON.parse(process.argv[2] ?? "") as Order);
process.stdout.write(`\n${JSON.stringify(verdicts)}\n`);
