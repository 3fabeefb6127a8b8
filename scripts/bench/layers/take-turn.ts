import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Job } from "./contest.ts";
import { settle } from "./settle.ts";

/** Whose turn it is, and at what. */
export interface Turn {
  readonly title: string;
  readonly name: string;
  readonly job: Job;
}

/** Milliseconds. */
export interface Taken {
  readonly plain: number;
  /** The same until everything is on the disk. */
  readonly synced: number;
  /** What starting a process cost where the turn was taken. */
  readonly spawnMs: number;
}

const TURN = join(import.meta.dirname, "turn.ts");

/** Gives a contestant its turn, in a new directory below a folder. What it finds on the disk is written before the clock starts. */
export async function takeTurn(
  folder: string,
  { title, name, job }: Omit<Turn, "job"> & { job: Omit<Job, "directory"> },
) {
  const directory = join(folder, "place");
  mkdirSync(directory);
  const turn: Turn = { title, name, job: { ...job, directory } };
  const child = spawn(process.execPath, [TURN, JSON.stringify(turn)], { stdio: ["pipe", "pipe", "inherit"] });
  const ended = once(child, "close");
  let taken: Taken | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line !== "ready") {
      taken = JSON.parse(line) as Taken;
      continue;
    }
    settle(folder);
    child.stdin.write("go\n");
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0 || taken === undefined) throw new Error(`${name} failed to ${title}`);
  rmSync(directory, { recursive: true, force: true });
  return taken;
}
