/** Walks everything that loader, volume and adversary can do together, until nothing new comes. */
import type { Version } from "../model/versions.ts";
import { bareDisk } from "../model/world.ts";
import { createDisks, type Disks } from "./disks.ts";
import { keyOfMoment, type Moment } from "./moment.ts";
import type { Move } from "./act.ts";
import { movesFrom } from "./moves.ts";

export interface Closure {
  readonly moments: readonly Moment[];
  /** From and to as indices of moments. */
  readonly edges: readonly { readonly from: number; readonly to: number; readonly byLoader: boolean }[];
  readonly disks: Disks;
}

export interface Watch {
  readonly onMoment: (moment: Moment, disks: Disks, told: () => string) => void;
  readonly onMove: (move: Move, disks: Disks, told: () => string) => void;
}

export async function explore(versions: readonly Version[], crashes: number, watch: Watch): Promise<Closure> {
  const disks = createDisks(versions);
  const start: Moment = {
    loader: null,
    app: null,
    disk: disks.idOf(bareDisk()),
    unclean: false,
    planned: false,
    crashesLeft: crashes,
    starts: null,
  };
  const moments: Moment[] = [start];
  const indices = new Map([[keyOfMoment(start), 0]]);
  const origins: { from: number; name: string }[] = [{ from: -1, name: "start" }];
  const edges: Closure["edges"][number][] = [];
  const story = (index: number): string => {
    const names: string[] = [];
    for (let at = index; at > 0; at = origins[at]?.from ?? -1) names.unshift(origins[at]?.name ?? "");
    return names.join(" | ");
  };
  for (let from = 0; from < moments.length; from += 1) {
    const moment = moments[from] as Moment;
    for (const move of await movesFrom(disks, moment)) {
      const name = move.cut ? `power cut in: ${move.name}` : move.name;
      watch.onMove(move, disks, () => `${story(from)} | ${name}`);
      const key = keyOfMoment(move.to);
      let to = indices.get(key);
      if (to === undefined) {
        to = moments.length;
        indices.set(key, to);
        moments.push(move.to);
        origins.push({ from, name });
        watch.onMoment(move.to, disks, () => story(moments.length - 1));
      }
      edges.push({ from, to, byLoader: move.byLoader });
    }
  }
  return { moments, edges, disks };
}
