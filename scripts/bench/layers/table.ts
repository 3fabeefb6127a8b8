import { columns, middle, type Outcome } from "../group.ts";
import type { Contest } from "./contest.ts";

/** What is compared: nobody syncs anything, everybody does as he does, and that until all of it is on the disk. */
export const KINDS = ["unsynced", "plain", "synced"] as const;
export type Kind = (typeof KINDS)[number];

/** Milliseconds by contestant, a number a round. */
export type Column = Readonly<Record<string, readonly number[]>>;
export type Samples = Readonly<Record<Kind, Column>>;

const HEADS: Readonly<Record<Kind, string>> = {
  unsynced: "nobody syncs",
  plain: "as it is",
  synced: "everybody synced",
};

/** Where goals count: as it is, one who syncs is compared with others who do not, and there is no fair goal for that. */
const JUDGED = ["unsynced", "synced"] as const;

/** Something measured: for people, for `--json`, and the goals it misses. */
export interface Finding extends Outcome {
  readonly title: string;
}

/** The figures of a contest for people: medians, and how ours compares with each within a round. */
export function table(
  { title, contestants, goals, bound }: Pick<Contest, "title" | "contestants" | "goals" | "bound">,
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
    JUDGED.map((kind) => ({ kind, found: ratio(samples[kind], against) }))
      .filter(({ found }) => !(found <= times))
      .map(({ kind, found }) => `${title}: ${found.toFixed(2)} of ${against}, ${HEADS[kind]}, the goal is ${times}`),
  );
  const head = ["", ...KINDS.flatMap((kind) => [`${HEADS[kind]}, s`, "ours is x"]), "goal"];
  return { lines: [`${title} (bound by: ${bound})`, ...columns([head, ...rows]), ""], missed };
}
