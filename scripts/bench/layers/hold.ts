import type { Contest } from "./contest.ts";
import type { Workshop } from "./made.ts";
import { type Kind, KINDS, type Samples } from "./table.ts";
import { takeTurn } from "./take-turn.ts";

export interface Held {
  readonly samples: Samples;
  /** What starting a process cost in each turn, in milliseconds. */
  readonly spawns: readonly number[];
}

/** How many rounds a short contest has for one of another. */
export const SHORT_TIMES = 3;

/**
 * Lets all do the job in turn, round by round, without syncing and then as they are. A first round does not count: whoever is first
 * in it finds nothing in any cache, and what the registry has just been given is still being written.
 */
export async function hold(folder: string, contest: Contest, image: Workshop, rounds: number): Promise<Held> {
  const { title, contestants, before, pulled } = contest;
  const images = {
    image: await image(contest.image, pulled),
    ...(before && { before: await image(before, pulled) }),
  };
  const samples: Record<Kind, Record<string, number[]>> = { unsynced: {}, plain: {}, synced: {} };
  const spawns: number[] = [];
  const all = async (syncing: boolean, keep: (kind: Kind, name: string, ms: number) => void): Promise<void> => {
    for (const { name } of contestants) {
      const { figures, spawnMs } = await takeTurn(folder, { title, name, job: images, syncing });
      spawns.push(spawnMs);
      for (const kind of KINDS) if (figures[kind] !== undefined) keep(kind, name, figures[kind]);
    }
  };
  await all(true, () => {});
  for (let round = 0; round < rounds * (contest.short ? SHORT_TIMES : 1); round += 1) {
    for (const syncing of [false, true]) await all(syncing, (kind, name, ms) => (samples[kind][name] ??= []).push(ms));
  }
  return { samples, spawns };
}
