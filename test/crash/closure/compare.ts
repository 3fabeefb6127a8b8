/** Compares what two explorations have found: one that takes much for equal, and one that takes nothing for equal. */
import type { Closure, Found } from "./explore.ts";
import { keyOfMoment } from "./moment.ts";

const all = ({ layers }: Closure): readonly Found[] => layers.flat();

/** How many states of the exact exploration the short one lacks, and the other way round. */
export function differences(exact: Closure, short: Closure): { lacking: number; invented: number } {
  const { disks, loaders } = short;
  const shown = ({ moment }: Found): string => {
    const loader = moment.loader === null ? null : loaders.same(moment.loader);
    const disk = disks.idOf(exact.disks.disk(moment.disk));
    return keyOfMoment({ ...moment, loader, disk }, short);
  };
  const here = new Set(all(short).map(({ moment }) => keyOfMoment(moment, short)));
  const there = new Set(all(exact).map(shown));
  const missing = (wanted: ReadonlySet<string>, set: ReadonlySet<string>): number =>
    [...wanted].filter((key) => !set.has(key)).length;
  return { lacking: missing(there, here), invented: missing(here, there) };
}
