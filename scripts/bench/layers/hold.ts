import type { Contest } from "./contest.ts";
import type { Workshop } from "./made.ts";
import type { Samples } from "./table.ts";
import { takeTurn } from "./take-turn.ts";

export interface Held {
  readonly samples: Samples;
  /** What starting a process cost in each turn, in milliseconds. */
  readonly spawns: readonly number[];
}

/**
 * Lets all do the job in turn, round by round. A first round does not count: whoever is first in it finds nothing in any cache, and
 * what the registry has just been given is still being written.
 */
export async function hold(folder: string, contest: Contest, image: Workshop, rounds: number): Promise<Held> {
  const { title, contestants, before, pulled } = contest;
  const images = {
    image: await image(contest.image, pulled),
    ...(before && { before: await image(before, pulled) }),
  };
  const samples = { plain: {}, synced: {} } satisfies Samples;
  const keep = (into: Record<string, number[]>, name: string, value: number): void =>
    void (into[name] ??= []).push(value);
  const spawns: number[] = [];
  for (let round = 0; round <= rounds; round += 1) {
    for (const { name } of contestants) {
      const { plain, synced, spawnMs } = await takeTurn(folder, { title, name, job: images });
      spawns.push(spawnMs);
      if (round === 0) continue;
      keep(samples.plain, name, plain);
      keep(samples.synced, name, synced);
    }
  }
  return { samples, spawns };
}
