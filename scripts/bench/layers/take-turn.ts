import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import type { Job } from "./contest.ts";
import { withFilter, withoutSync } from "./no-sync.ts";
import { settle } from "./settle.ts";
import type { Kind } from "./table.ts";

/** Whose turn it is, and at what. */
export interface Turn {
  readonly title: string;
  readonly name: string;
  readonly job: Job;
  /** Whether what it syncs is synced. */
  readonly syncing: boolean;
}

export interface Taken {
  /** Milliseconds. */
  readonly figures: Readonly<Partial<Record<Kind, number>>>;
  /** What starting a process cost where the turn was taken. */
  readonly spawnMs: number;
}

type Pipes = ChildProcessByStdio<Writable, Readable, null>;

const TURN = join(import.meta.dirname, "turn.ts");

/** All that a turn starts is under the same filter. The filter is around the whole turn, so that putting it up is in nobody's figure. */
function start(folder: string, turn: Turn): Pipes {
  const command = [process.execPath, TURN, JSON.stringify(turn)];
  const [program, ...args] = turn.syncing ? command : withoutSync(command);
  // The types of spawn know what comes of three descriptors, not of four.
  const under = (filter: number | "ignore") =>
    spawn(program ?? "", args, { stdio: ["pipe", "pipe", "inherit", filter] }) as Pipes;
  return turn.syncing ? under("ignore") : withFilter(join(folder, "no-sync"), under);
}

/** Gives a contestant its turn, in a new directory below a folder. What it finds on the disk is written before the clock starts. */
export async function takeTurn(
  folder: string,
  { job, ...rest }: Omit<Turn, "job"> & { readonly job: Omit<Job, "directory"> },
): Promise<Taken> {
  const directory = join(folder, "place");
  mkdirSync(directory);
  const child = start(folder, { ...rest, job: { ...job, directory } });
  const ended = once(child, "close");
  let taken: Taken | undefined;
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "ready") {
      settle(folder);
      child.stdin.write("go\n");
    } else taken = JSON.parse(line) as Taken;
  }
  const [code] = (await ended) as [number | null];
  if (code !== 0 || taken === undefined) throw new Error(`${rest.name} failed to ${rest.title}`);
  rmSync(directory, { recursive: true, force: true });
  return taken;
}
