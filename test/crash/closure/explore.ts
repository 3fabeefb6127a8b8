/** Walks everything that loader, volume and adversary can do together, until nothing new comes. */
import type { Version } from "../model/versions.ts";
import { bareDisk } from "../model/world.ts";
import type { Move } from "./act.ts";
import { exactKey, shortKey } from "./disk-key.ts";
import { createDisks, type Disks, type Step } from "./disks.ts";
import { createLoaders, withoutThePast } from "./loaders.ts";
import { keyOfMoment, type Moment, type Parts, stopped } from "./moment.ts";
import { movesFrom } from "./moves.ts";

export interface Settings {
  readonly versions: readonly Version[];
  /** The one that is linked with the original library. */
  readonly original: Version;
  /** How often the power may go. Infinity: as often as it takes until nothing new comes. */
  readonly crashes: number;
  /** Nothing is taken for equal that differs in anything but random names and times: what the shorter way is compared with. */
  readonly exact?: boolean;
}

export interface Found {
  readonly moment: Moment;
  /** The state before it and what happened; undefined: the first of all. */
  readonly origin: { readonly from: Found; readonly name: string } | undefined;
  /** Where the loader goes from here by itself. */
  readonly onward: { readonly to: Found; readonly within: number }[];
}

export interface Closure extends Parts {
  /** By the number of crashes on the way: what was not found with fewer; when exact, all that can be found with so many. */
  readonly layers: readonly (readonly Found[])[];
  readonly transitions: number;
  /** Disks that were found: checking them makes more. */
  readonly volumes: number;
}

/** What is asked of all that is found. */
export interface Watch {
  readonly onStep: (step: Step, disks: Disks) => void;
  readonly onMoment: (moment: Moment, parts: Parts) => void;
  readonly onMove: (move: Move, parts: Parts) => void;
}

/** What led to a state. */
function storyOf({ origin }: Found): string {
  return origin === undefined ? "start" : `${storyOf(origin.from)} | ${origin.name}`;
}

/** Fails with the story that led there. */
function telling(error: unknown, at: Found, name: string): Error {
  const what = error instanceof Error ? error.message : String(error);
  return new Error(`${what}, after: ${storyOf(at)}${name}`, { cause: error });
}

/**
 * First what is reached without a crash, then with one, and so on. A state that was reached with fewer crashes is not
 * entered again: how many are left decides nothing but whether one more may come, so whatever can follow it with the
 * fewer that are left now was followed there. Once a crash leaves nothing new, neither does any number of them.
 */
export async function explore(
  { versions, original, crashes, exact = false }: Settings,
  watch: Watch,
): Promise<Closure> {
  const parts: Parts = {
    disks: createDisks({ versions, keyOf: exact ? exactKey() : shortKey(), onStep: watch.onStep }),
    loaders: createLoaders(exact ? (snapshot) => snapshot : withoutThePast),
    original,
  };
  const layers: Found[][] = [];
  const known = new Map<string, Found>();
  let transitions = 0;

  /** Walks on from what the last crash has left; answers what one more leaves. */
  const walk = async (layer: Found[]): Promise<Map<string, Found>> => {
    const crashed = new Map<string, Found>();
    const follow = (from: Found, move: Move): void => {
      watch.onMove(move, parts);
      transitions += 1;
      const key = keyOfMoment(move.to, parts);
      const name = move.cut ? `power cut in: ${move.name}` : move.name;
      const met = move.cut ? (crashed.get(key) ?? (exact ? undefined : known.get(key))) : known.get(key);
      const found = met ?? { moment: move.to, origin: { from, name }, onward: [] };
      if (move.within !== null) from.onward.push({ to: found, within: move.within });
      if (met !== undefined) return;
      (move.cut ? crashed : known).set(key, found);
      if (!move.cut) layer.push(found);
    };
    for (const from of layer) {
      let name = "";
      try {
        watch.onMoment(from.moment, parts);
        for (const move of await movesFrom(parts, from.moment)) {
          name = ` | ${move.name}`;
          follow(from, move);
        }
      } catch (error) {
        throw telling(error, from, name);
      }
    }
    return crashed;
  };

  const start: Found = { moment: stopped(parts.disks.idOf(bareDisk())), origin: undefined, onward: [] };
  let next = new Map([[keyOfMoment(start.moment, parts), start]]);
  while (next.size > 0 && layers.length <= crashes) {
    if (exact) known.clear();
    const layer: Found[] = [];
    for (const [key, found] of next) {
      if (known.has(key)) continue;
      known.set(key, found);
      layer.push(found);
    }
    if (layer.length > 0) layers.push(layer);
    next = await walk(layer);
  }
  return { ...parts, layers, transitions, volumes: parts.disks.count() };
}
