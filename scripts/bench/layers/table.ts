import { columns, middle, type Outcome } from "../group.ts";
import type { Contest } from "./contest.ts";

/** Milliseconds by contestant, a number a round. */
export type Column = Readonly<Record<string, readonly number[]>>;

/** What was measured: as it is, and until all of it is on the disk. */
export interface Samples {
  readonly plain: Column;
  readonly synced: Column;
}

const HEADS = { plain: ["s", "ours is x of it"], synced: ["synced, s", "ours is x of it"] } as const;
const KINDS = ["plain", "synced"] as const;

/** Something measured: for people, for `--json`, and the goals it misses. */
export interface Finding extends Outcome {
  readonly title: string;
}

/** The figures of a contest for people: medians, and how ours compares with each within a round. */
export function table(
  { title, contestants, goals, bound }: Contest,
  samples: Samples,
): Pick<Finding, "lines" | "missed"> {
  const [{ name: ours }] = contestants;
  const ratio = (column: Column, against: string): number =>
    middle((column[ours] ?? []).map((mine, round) => mine / (column[against]?.[round] ?? Number.NaN)));
  const rows = contestants.map(({ name }) => {
    const goal = goals.find(({ against }) => against === name);
    const cells = KINDS.flatMap((kind) => [
      (middle(samples[kind][name] ?? []) / 1000).toFixed(2),
      name === ours ? "-" : ratio(samples[kind], name).toFixed(2),
    ]);
    return [name, ...cells, goal === undefined ? "-" : `<= ${goal.times}`];
  });
  const missed = goals.flatMap(({ against, times }) =>
    KINDS.map((kind) => ({ kind, found: ratio(samples[kind], against) }))
      .filter(({ found }) => !(found <= times))
      .map(({ kind, found }) => `${title}: ${found.toFixed(2)} of ${against}, ${kind}, the goal is ${times}`),
  );
  const head = [title, ...KINDS.flatMap((kind) => HEADS[kind]), "goal"];
  return { lines: [...columns([head, ...rows]), `  bound by: ${bound}`, ""], missed };
}
