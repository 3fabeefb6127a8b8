/**
 * `node turn.ts JSON`: one contestant's turn, in a process that holds nothing but what the contestant has loaded, so that it pays for
 * nothing of the bench. Prepares, says so, waits for a line, does the job and prints what it took.
 */
import { once } from "node:events";
import { contests } from "./contests.ts";
import { settle } from "./settle.ts";
import { spawnMs } from "./spawn-cost.ts";
import type { Taken, Turn } from "./take-turn.ts";

const { title, name, job } = JSON.parse(process.argv[2] ?? "") as Turn;
const contest = contests().find((one) => one.title === title);
const contestant = contest?.contestants.find((one) => one.name === name);
if (contestant === undefined) throw new Error(`nobody is called ${name} in the contest ${title}`);

await contestant.prepare?.(job);
console.log("ready");
await once(process.stdin, "data");
const begun = performance.now();
await contestant.run(job);
const plain = performance.now() - begun;
settle(job.directory);
const synced = performance.now() - begun;
const taken: Taken = { plain, synced, spawnMs: await spawnMs() };
console.log(JSON.stringify(taken));
await contestant.finish?.(job);
process.stdin.destroy();
