/**
 * `node turn.ts JSON`: one contestant's turn, in a process that holds nothing but what the contestant has loaded, so that it pays for
 * nothing of the bench. Prepares, says so, waits for a line, does the job and prints what it took.
 */
import { once } from "node:events";
import { contests } from "./contests.ts";
import { canSync } from "./no-sync.ts";
import { settle } from "./settle.ts";
import { spawnMs } from "./spawn-cost.ts";
import type { Taken, Turn } from "./take-turn.ts";

const { title, name, job, syncing } = JSON.parse(process.argv[2] ?? "") as Turn;
const contest = contests().find((one) => one.title === title);
const contestant = contest?.contestants.find((one) => one.name === name);
if (contestant === undefined) throw new Error(`nobody is called ${name} in the contest ${title}`);
if (canSync() !== syncing) throw new Error(`${name} can ${syncing ? "not sync" : "sync"}`);

try {
  await contestant.prepare?.(job);
  console.log("ready");
  await once(process.stdin, "data");
  const begun = performance.now();
  await contestant.run(job);
  const done = performance.now() - begun;
  if (syncing) settle(job.directory);
  const synced = performance.now() - begun;
  const figures: Taken["figures"] = syncing ? { plain: done, synced } : { unsynced: done };
  const taken: Taken = { figures, spawnMs: await spawnMs() };
  console.log(JSON.stringify(taken));
} finally {
  await contestant.finish?.(job);
  process.stdin.destroy();
}
