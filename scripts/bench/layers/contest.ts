import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { columns, middle } from "../group.ts";

/** One way to do the job. */
export interface Contestant {
  readonly name: string;
  /** What has to be there before, untimed. */
  readonly prepare?: (directory: string) => Promise<void>;
  /** Does the job with a new, empty directory at its disposal. */
  readonly run: (directory: string) => Promise<void>;
  /** What has to end before the directory can go, untimed. */
  readonly finish?: () => Promise<void>;
}

/** What ours may cost at most: so many times what another one costs. */
export interface Goal {
  readonly against: string;
  readonly times: number;
}

export interface Contest {
  readonly title: string;
  /** Ours first. */
  readonly contestants: readonly [Contestant, ...Contestant[]];
  readonly goals: readonly Goal[];
  /** What bounds the figure, for those who want to go below it. */
  readonly bound: string;
}

export interface Result {
  readonly title: string;
  readonly lines: readonly string[];
  readonly missed: readonly string[];
  /** Milliseconds by contestant, a number a round. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

/** Sync and cold start of one must not be paid by the next. */
const settle = (folder: string): void => void execFileSync("sync", ["-f", folder]);

async function timed(
  folder: string,
  { prepare, run, finish }: Contestant,
): Promise<{ plain: number; durable: number }> {
  const directory = join(folder, "place");
  mkdirSync(directory);
  await prepare?.(directory);
  settle(folder);
  const begun = performance.now();
  await run(directory);
  const plain = performance.now() - begun;
  settle(folder);
  const durable = performance.now() - begun;
  await finish?.();
  rmSync(directory, { recursive: true, force: true });
  return { plain, durable };
}

/**
 * Lets all do the job in turn, round by round, and compares within a round: as it is, and with one `sync -f` at the end. A first round
 * does not count: whoever is first in it finds nothing in any cache, and what the registry has just been given is still being written.
 */
export async function hold(folder: string, contest: Contest, rounds: number): Promise<Result> {
  const samples: Record<string, number[]> = {};
  const keep = (name: string, value: number): void => void (samples[name] ??= []).push(value);
  for (let round = 0; round <= rounds; round += 1) {
    for (const contestant of contest.contestants) {
      const { plain, durable } = await timed(folder, contestant);
      if (round === 0) continue;
      keep(contestant.name, plain);
      keep(`${contestant.name}, synced`, durable);
    }
  }
  const [{ name: ours }] = contest.contestants;
  const ratio = (against: string, how: string): number =>
    middle((samples[ours + how] ?? []).map((mine, round) => mine / (samples[against + how]?.[round] ?? Number.NaN)));
  const rows = contest.contestants.map(({ name }) => {
    const goal = contest.goals.find(({ against }) => against === name);
    const seconds = (how: string): string => (middle(samples[name + how] ?? []) / 1000).toFixed(2);
    const times = (how: string): string => (name === ours ? "-" : ratio(name, how).toFixed(2));
    return [
      name,
      seconds(""),
      times(""),
      seconds(", synced"),
      times(", synced"),
      goal === undefined ? "-" : `<= ${goal.times}`,
    ];
  });
  const missed = contest.goals.flatMap(({ against, times }) =>
    ["", ", synced"]
      .filter((how) => !(ratio(against, how) <= times))
      .map((how) => `${contest.title}: ${ratio(against, how).toFixed(2)} of ${against}${how}, the goal is ${times}`),
  );
  const head = [contest.title, "s", "ours is x of it", "synced, s", "ours is x of it", "goal"];
  return {
    title: contest.title,
    lines: [...columns([head, ...rows]), `  bound by: ${contest.bound}`, ""],
    missed,
    samples,
  };
}
